"""The policy over JSON lines, for other people's programs: version 1 of the policy protocol."""
