"""The rehearsal's Twilio: texts in by its HTTP API; answers and news out, signed as Twilio does."""

from rehearsal.twilio_double.double import TwilioDouble, TwilioOptions

__all__ = ["TwilioDouble", "TwilioOptions"]
