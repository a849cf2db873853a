"""`python -m bench.letter_box PORT FILE`: a mail server that notes each letter's id before it says
that it took it. A program of its own, so that it can be killed."""

import asyncio
import os
import re
import sys
from typing import Final

MESSAGE_ID: Final = re.compile(rb"^Message-ID:\s*<([^>]+)>", re.IGNORECASE | re.MULTILINE)


async def serve(port: int, notes: int) -> None:
    """For ever. Each note is one write, which outlives this process."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 letter-box\r\n")
        while line := await reader.readline():
            match line[:4].upper():
                case b"DATA":
                    writer.write(b"354 go on\r\n")
                    text = await reader.readuntil(b"\r\n.\r\n")
                    found = MESSAGE_ID.search(text)
                    os.write(notes, (found[1] if found else b"?") + b"\n")
                    writer.write(b"250 taken\r\n")
                case b"QUIT":
                    writer.write(b"221 bye\r\n")
                    break
                case _:
                    writer.write(b"250 ok\r\n")
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", port, limit=1_000_000)
    await server.serve_forever()


if __name__ == "__main__":
    kept = os.open(sys.argv[2], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    asyncio.run(serve(int(sys.argv[1]), kept))
