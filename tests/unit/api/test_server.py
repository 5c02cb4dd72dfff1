"""The socket that the API listens on."""

import asyncio
import socket

from typing_extensions import override

from monitor.api.server import listen
from monitor.config.serving import ApiSettings


def test_an_answer_does_not_wait_for_its_head_to_be_acknowledged() -> None:
    """A head and a body are two writes: with Nagle's algorithm the second waits 40 ms for a delayed ACK."""

    async def option_of_accepted() -> int:
        accepted: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        class Asked(asyncio.Protocol):
            @override
            def connection_made(self, transport: asyncio.BaseTransport) -> None:
                mine: socket.socket = transport.get_extra_info("socket")
                accepted.set_result(mine.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
                transport.close()

        listening = listen(ApiSettings(listen="127.0.0.1:0"))
        server = await asyncio.get_running_loop().create_server(Asked, sock=listening)
        async with server:
            _, writer = await asyncio.open_connection(*listening.getsockname())
            option = await accepted
            writer.close()
            await writer.wait_closed()
        return option

    assert asyncio.run(option_of_accepted()) == 1
