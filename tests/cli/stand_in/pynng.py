"""As much of pynng as clients/python/kontor.py uses, over Debian's libnng: there is no Debian package of pynng. Names and meanings of
arguments are pynng's own."""
import ctypes

nng = ctypes.CDLL("libnng.so.1")
nng.nng_strerror.restype = ctypes.c_char_p
ALLOCATE = 1


class Id(ctypes.Structure):
    _fields_ = [("id", ctypes.c_uint32)]


class NNGException(Exception):
    pass


def check(code):
    if code:
        raise NNGException(nng.nng_strerror(code).decode())


class TLSConfig:
    MODE_CLIENT = 0

    def __init__(self, mode, *, ca_files):
        self.ca, = ca_files


class Req0:
    def __init__(self, *, dial, block_on_dial, resend_time, recv_max_size, recv_timeout, send_timeout, tls_config=None):
        assert block_on_dial
        self.socket, dialer = Id(), Id()
        check(nng.nng_req0_open(ctypes.byref(self.socket)))
        for name, ms in (("req:resend-time", resend_time), ("recv-timeout", recv_timeout), ("send-timeout", send_timeout)):
            check(nng.nng_socket_set_ms(self.socket, name.encode(), ms))
        check(nng.nng_socket_set_size(self.socket, b"recv-size-max", ctypes.c_size_t(recv_max_size)))
        check(nng.nng_dialer_create(ctypes.byref(dialer), self.socket, dial.encode()))
        if tls_config:
            check(nng.nng_dialer_set_string(dialer, b"tls-ca-file", tls_config.ca.encode()))
        check(nng.nng_dialer_start(dialer, 0))

    def send(self, data):
        check(nng.nng_send(self.socket, data, ctypes.c_size_t(len(data)), 0))

    def recv(self):
        data, size = ctypes.c_void_p(), ctypes.c_size_t()
        check(nng.nng_recv(self.socket, ctypes.byref(data), ctypes.byref(size), ALLOCATE))
        got = ctypes.string_at(data, size.value)
        nng.nng_free(data, size)
        return got

    def close(self):
        nng.nng_close(self.socket)
