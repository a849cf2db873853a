"""The command line of `chargechase policy backtest`: apart, so that help imports nothing heavy."""

import argparse
from typing import Final
from uuid import UUID

HAPPENED: Final = "history"
FORMAT: Final = """\
FILE holds one past case a line, as JSON; all instants are Unix seconds, UTC:
  customer      any stable key of the person
  opened_at     when the invoice's charge failed first
  closed_at     when the chase ended, however it did
  amount_minor, currency
  family        funds, temporary, unknown, needs_new_card, needs_new_details,
                needs_authentication, never, check: why the first charge failed
  charges       [{"at": ..., "succeeded": true, "family": ...}], those after the first failure;
                a refusal's family only where it differs from the first
  messages      [instants]
  paid_at       when the customer paid by their own hand
  country, timezone, funding, interval, price, collection, subscribed_at: where known
`--example 1000` prints such a file."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of the backtest."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = FORMAT
    parser.description = (
        "How policy B would have done with the same failed payments as policy A, with a 95 % "
        "interval, and what nobody can know from this past."
    )
    parser.add_argument("file", metavar="FILE", nargs="?", help="past cases; - for standard input")
    told = "a preset's name or a policy's TOML file"
    parser.add_argument(
        "--policy-a", default=HAPPENED, metavar="POLICY",
        help=f"the policy that made the history: {told}; left out, or left to Stripe "
        "(follow_stripe): compare with what happened",
    )  # fmt: skip
    parser.add_argument(
        "--policy-b",
        default="balanced",
        metavar="POLICY",
        help=f"the policy to be tried: {told}; %(default)s unless said otherwise",
    )
    parser.add_argument(
        "--from-database", action="store_true", help="the merchant's own past instead of a file"
    )
    parser.add_argument(
        "--merchant", type=UUID, metavar="MERCHANT_ID", help="needed where there are several"
    )
    parser.add_argument(
        "--timezone", default="UTC", help="of presets, such as Europe/Berlin; %(default)s"
    )
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    parser.add_argument("--example", type=int, metavar="N", help="print N synthetic cases instead")
