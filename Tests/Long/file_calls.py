"""Runs a program and stops it before each of its system calls that changes a folder or a file in it, in any thread:
there it can be killed, be sent a signal, or the call can be made to fail. The calls of all threads have one order,
which strace's -e inject, with its counts for each thread, does not give.

Needs Linux on x86-64 and the right to trace a child (ptrace, seccomp); see `why_not`.
"""
import collections, ctypes, errno, os, platform, signal, struct, sys

TRACEME, CONT, POKEUSER, SETOPTIONS, GET_SYSCALL_INFO = 0, 7, 6, 0x4200, 0x420e
FORK, VFORK, CLONE, EXEC, SECCOMP, EXITKILL = 2, 4, 8, 16, 128, 1 << 20        # options
SECCOMP_STOP = signal.SIGTRAP | 7 << 8
ALL_THREADS = 0x40000000                        # __WALL
ORIGINAL_RAX, RAX = 15 * 8, 10 * 8              # offsets in struct user

# By the argument with the path, or with the descriptor.
BY_PATH = {
    2: ("open", 0), 85: ("creat", 0), 257: ("openat", 1), 76: ("truncate", 0), 82: ("rename", 1),
    264: ("renameat", 3), 316: ("renameat2", 3), 86: ("link", 1), 265: ("linkat", 3), 87: ("unlink", 0),
    263: ("unlinkat", 1), 83: ("mkdir", 0), 258: ("mkdirat", 1), 84: ("rmdir", 0), 90: ("chmod", 0)}
BY_DESCRIPTOR = {
    1: ("write", 0), 18: ("pwrite64", 0), 20: ("writev", 0), 296: ("pwritev", 0), 328: ("pwritev2", 0),
    40: ("sendfile", 0), 326: ("copy_file_range", 2), 77: ("ftruncate", 0), 285: ("fallocate", 0), 74: ("fsync", 0),
    75: ("fdatasync", 0), 91: ("fchmod", 0)}

Call = collections.namedtuple("Call", "name path thread")        # ("rename", "/run/config.json", 123)

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
libc.ptrace.restype = ctypes.c_long


def why_not():
    """The reason why this machine cannot do it; None if it can."""
    if sys.platform != "linux" or platform.machine() != "x86_64":
        return "not Linux on x86-64"
    calls = []
    try:
        run(["/bin/sh", "-c", "echo x > /dev/null"], "/dev/null", lambda n, call: calls.append(call))
    except OSError as fault:
        return "a child cannot be traced: %s" % fault
    return None if calls else "a traced child's calls are not seen"


def ptrace(request, thread, address=0, data=0):
    if libc.ptrace(request, thread, address, data) < 0:
        raise OSError(ctypes.get_errno(), "ptrace %d: %s" % (request, os.strerror(ctypes.get_errno())))


def run(command, folder, decide, output=None):
    """Runs a command to its end.

    decide(n, call) is called before the n-th call, from 0. It returns None to go on, a signal.Signals to send, or an
    errno with which the call fails.
    Returns the exit code, negative for a signal.
    """
    child = os.fork()
    if child == 0:
        try:
            heed_signals()
            if output is not None:
                os.dup2(output, 1)
                os.dup2(output, 2)
            ptrace(TRACEME, 0)
            os.kill(os.getpid(), signal.SIGSTOP)
            report_calls()
            os.execvp(command[0], command)
        finally:
            os._exit(127)

    os.waitpid(child, 0)
    ptrace(SETOPTIONS, child, 0, FORK | VFORK | CLONE | EXEC | SECCOMP | EXITKILL)
    ptrace(CONT, child)
    known, code, n, folder = {child}, None, 0, os.path.realpath(folder)
    while True:
        try:
            thread, status = os.waitpid(-1, ALL_THREADS)
        except ChildProcessError:
            return code
        if not os.WIFSTOPPED(status):
            if thread == child:
                code = os.waitstatus_to_exitcode(status)
            continue

        send = os.WSTOPSIG(status)
        if status >> 8 == SECCOMP_STOP:
            send, call = 0, read_call(thread, folder)
            decision = decide(n, call) if call else None
            n += call is not None
            if isinstance(decision, signal.Signals):
                os.kill(child, decision)
            elif decision is not None:
                set_result(thread, -decision)
        elif status >> 16 or (thread not in known and send == signal.SIGSTOP):
            send = 0                            # another event, or the beginning of a thread
        known.add(thread)
        try:
            ptrace(CONT, thread, 0, send)
        except OSError as fault:
            if fault.errno != errno.ESRCH:      # it has been killed
                raise


def heed_signals():
    """Makes what this process becomes end by SIGINT and SIGHUP, which nohup and a script's background ignore."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def read_call(thread, folder):
    """The call before which a thread has stopped; None if it does not change the folder."""
    info = ctypes.create_string_buffer(88)
    try:
        ptrace(GET_SYSCALL_INFO, thread, len(info), ctypes.addressof(info))
        number, *arguments = struct.unpack_from("<7Q", info, 24)
        if number in BY_PATH:
            name, index = BY_PATH[number]
            if name == "openat" and not arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC) \
                    or name == "open" and not arguments[1] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC):
                return None
            path = os.path.join(os.readlink("/proc/%d/cwd" % thread), read_text(thread, arguments[index]))
        else:
            name, index = BY_DESCRIPTOR[number]
            path = os.readlink("/proc/%d/fd/%d" % (thread, arguments[index]))
    except OSError:                             # a bad descriptor; it has been killed
        return None
    path = os.path.realpath(os.path.dirname(path)) + "/" + os.path.basename(path)
    return Call(name, path, thread) if path == folder or path.startswith(folder + "/") else None


def read_text(thread, address):
    with open("/proc/%d/mem" % thread, "rb") as memory:
        memory.seek(address)
        text = b""
        while b"\0" not in text:
            # Up to the end of the page: the next may not be there.
            text += memory.read(4096 - (address + len(text)) % 4096)
        return os.fsdecode(text[:text.index(b"\0")])


def set_result(thread, result):
    """Skips the call before which a thread has stopped, and gives it a result."""
    ptrace(POKEUSER, thread, ORIGINAL_RAX, 2 ** 64 - 1)
    ptrace(POKEUSER, thread, RAX, result % 2 ** 64)


def report_calls():
    """Makes the kernel stop this process, and what it starts, before the calls above, and only there."""
    class Program(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ushort), ("code", ctypes.c_char_p)]

    numbers = sorted({**BY_PATH, **BY_DESCRIPTOR})
    load, allow, trace = struct.pack("<HBBI", 0x20, 0, 0, 0), (0x06, 0, 0, 0x7fff0000), (0x06, 0, 0, 0x7ff00000)
    jumps = [struct.pack("<HBBI", 0x15, len(numbers) - i, 0, number) for i, number in enumerate(numbers)]
    code = b"".join([load, *jumps, struct.pack("<HBBI", *allow), struct.pack("<HBBI", *trace)])
    program = Program(len(code) // 8, code)
    no_new_privileges, set_filter, mode_filter = 38, 22, 2
    if libc.prctl(no_new_privileges, 1, 0, 0, 0) or libc.prctl(set_filter, mode_filter, ctypes.byref(program), 0, 0):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
