using System.Runtime.InteropServices;

namespace PyNetSharp.Distributed;

/// <summary>The functions of MPI that are used, of whichever library <see cref="MpiLibrary"/> has loaded.</summary>
/// <remarks>
/// Handles are pointers in Open MPI and in the standard ABI, and numbers of 32 bits in MPICH, which ignores the upper
/// half of a register: so they are passed as pointers everywhere.
/// </remarks>
internal static unsafe partial class Mpi
{
    /// <summary>The name that <see cref="MpiLibrary"/> resolves.</summary>
    public const string Library = "mpi";

    /// <summary>The return code of a function that succeeded.</summary>
    public const int Success = 0;

    [LibraryImport(Library, EntryPoint = "MPI_Init_thread")]
    public static partial int InitThread(nint arguments, nint values, int required, out int provided);

    [LibraryImport(Library, EntryPoint = "MPI_Comm_set_errhandler")]
    public static partial int CommSetErrorHandler(nint communicator, nint handler);

    [LibraryImport(Library, EntryPoint = "MPI_Comm_rank")]
    public static partial int CommRank(nint communicator, out int rank);

    [LibraryImport(Library, EntryPoint = "MPI_Comm_size")]
    public static partial int CommSize(nint communicator, out int size);

    [LibraryImport(Library, EntryPoint = "MPI_Alltoall")]
    public static partial int AllToAll(
        void* from, int count, nint type, void* to, int receivedCount, nint receivedType, nint communicator);

    [LibraryImport(Library, EntryPoint = "MPI_Allgather")]
    public static partial int AllGather(
        void* from, int count, nint type, void* to, int receivedCount, nint receivedType, nint communicator);

    [LibraryImport(Library, EntryPoint = "MPI_Bcast")]
    public static partial int Broadcast(void* values, int count, nint type, int root, nint communicator);

    [LibraryImport(Library, EntryPoint = "MPI_Error_string")]
    public static partial int ErrorString(int code, byte* text, out int length);

    [LibraryImport(Library, EntryPoint = "MPI_Get_library_version")]
    public static partial int GetLibraryVersion(byte* text, out int length);

    [LibraryImport(Library, EntryPoint = "MPI_Abort")]
    public static partial int Abort(nint communicator, int code);

    [LibraryImport(Library, EntryPoint = "MPI_Finalize")]
    public static partial int Shutdown();
}
