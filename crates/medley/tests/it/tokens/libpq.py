# Logs in with libpq 18 and a token: LIBRARY CONNINFO TOKEN. Prints who it is, the scope and the
# place of the discovery document that libpq was told, or what libpq complains of.
import ctypes
import sys

library, conninfo, token = sys.argv[1:]
libpq = ctypes.CDLL(library)
token = ctypes.create_string_buffer(token.encode())
told = []


class BearerRequest(ctypes.Structure):
    _fields_ = [
        ("openid_configuration", ctypes.c_char_p),
        ("scope", ctypes.c_char_p),
        ("run", ctypes.c_void_p),
        ("cleanup", ctypes.c_void_p),
        ("token", ctypes.c_void_p),
        ("user", ctypes.c_void_p),
    ]


BEARER_TOKEN = 1


@ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
def hook(kind, connection, data):
    if kind != BEARER_TOKEN:
        return 0
    request = ctypes.cast(data, ctypes.POINTER(BearerRequest)).contents
    told.append((request.scope or b"").decode() + " " + request.openid_configuration.decode())
    request.token = ctypes.addressof(token)
    return 1


for name, result, arguments in [
    ("PQsetAuthDataHook", None, [ctypes.c_void_p]),
    ("PQconnectdb", ctypes.c_void_p, [ctypes.c_char_p]),
    ("PQerrorMessage", ctypes.c_char_p, [ctypes.c_void_p]),
    ("PQexec", ctypes.c_void_p, [ctypes.c_void_p, ctypes.c_char_p]),
    ("PQgetvalue", ctypes.c_char_p, [ctypes.c_void_p, ctypes.c_int, ctypes.c_int]),
    ("PQstatus", ctypes.c_int, [ctypes.c_void_p]),
]:
    function = getattr(libpq, name)
    function.restype, function.argtypes = result, arguments

libpq.PQsetAuthDataHook(ctypes.cast(hook, ctypes.c_void_p))
connection = libpq.PQconnectdb(conninfo.encode())
if libpq.PQstatus(connection) != 0:
    sys.exit(libpq.PQerrorMessage(connection).decode())
user = libpq.PQgetvalue(libpq.PQexec(connection, b"SELECT current_user"), 0, 0)
print(user.decode(), *told)
