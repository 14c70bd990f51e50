using System.Numerics.Tensors;
using System.Text;
using PyNetSharp.Training;

namespace PyNetSharp.Distributed;

/// <summary>The processes that a launcher of MPI has started: <c>mpirun -n 4 PROGRAM</c>.</summary>
/// <remarks>
/// <code>
/// var group = MpiProcessGroup.Start();
/// …
/// group.Close();
/// </code>
/// A process that ends without <see cref="Close"/>, as by an exception, ends all others. Any thread may call the
/// operations, one at a time.
/// <para>
/// MPI's own reductions may add in any order. <see cref="AllReduce"/> exchanges pieces of 4 MB so that each rank adds
/// a part of them for all, in the order of <see cref="IProcessGroup.AllReduce"/>, and returns it to all: as many bytes
/// as a ring's reduction, and 8 MB of memory at most.
/// </para>
/// </remarks>
public sealed unsafe class MpiProcessGroup : IProcessGroup
{
    private const int PieceFloats = 1 << 20;                // 4 MB
    private const int BroadcastBytes = 64 << 20;            // counts are of 32 bits
    private const int MaxTextBytes = 8192;                  // MPI_MAX_LIBRARY_VERSION_STRING, the longest
    private const int NoCode = 1;
    private const int Open = 0, Closing = 1, Ended = 2;

    private readonly MpiLibrary library;
    private float[] received = [], padded = [];             // pinned
    private int state;                                      // Open to Closing to Ended, or Ended at once

    private MpiProcessGroup(MpiLibrary library)
    {
        this.library = library;
        Check(Mpi.CommSetErrorHandler(library.World, library.ErrorsReturn), "MPI_Comm_set_errhandler");
        Check(Mpi.CommRank(library.World, out var rank), "MPI_Comm_rank");
        Check(Mpi.CommSize(library.World, out var size), "MPI_Comm_size");
        (Rank, Size) = (rank, size);
    }

    /// <summary>Whether a launcher of MPI has started this process. No library is loaded to find out.</summary>
    public static bool IsLaunched => MpiLaunch.Current is not null;

    /// <inheritdoc/>
    public int Rank { get; }

    /// <inheritdoc/>
    public int Size { get; }

    /// <summary>The library's name and version, in its own words: "Open MPI v4.1.4".</summary>
    public string Library => field ??= ReadText((byte* text, out int length) =>
        Mpi.GetLibraryVersion(text, out length)).Split('\n', ',')[0].Replace('\t', ' ').Trim();

    /// <summary>
    /// Joins the processes that were started with this one; each calls it once. The library is the launcher's, or the
    /// one that the variable <c>PYNET_MPI</c> names.
    /// </summary>
    /// <exception cref="InvalidOperationException">No launcher has started this process.</exception>
    /// <exception cref="InputException">The library is missing, or not the launcher's.</exception>
    /// <exception cref="MpiException">MPI could not connect the processes.</exception>
    public static MpiProcessGroup Start() => Start(MpiLaunch.Current
        ?? throw new InvalidOperationException(
            "MpiProcessGroup: no launcher of MPI has started this process; expected 'mpirun -n 2 PROGRAM'."));

    private static MpiProcessGroup Start(MpiLaunch launch)
    {
        var library = MpiLibrary.Load(launch);
        var code = Mpi.InitThread(0, 0, library.Serialized, out var provided);
        if (code != Mpi.Success) throw new MpiException($"MPI_Init_thread failed: {DescribeError(code)}");
        var group = new MpiProcessGroup(library);
        AppDomain.CurrentDomain.ProcessExit += (_, _) => group.AbortIfOpen();
        if (provided < library.Serialized)
            throw new InputException($"{group.Library} was built for programs of one thread; expected another build.");
        if (launch.Size is { } size && size != group.Size)
            throw new InputException(
                $"{launch.Launcher}'s launcher started {size} processes, but {group.Library} sees {group.Size}: it " +
                $"is the library of another MPI. Use that one's mpirun, or name the library in {MpiLaunch.Variable}.");
        return group;
    }

    /// <inheritdoc/>
    /// <exception cref="MpiException">Another rank has ended, or the network failed.</exception>
    public void AllReduce(Span<float> values)
    {
        if (Size == 1) return;
        var share = PieceFloats / Size;
        Reserve(ref received, share * Size);
        var whole = values.Length / (share * Size) * (share * Size);
        for (var i = 0; i < whole; i += share * Size) SumPiece(values.Slice(i, share * Size));
        if (whole < values.Length) SumRest(values[whole..]);
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException"><paramref name="all"/> has another length.</exception>
    /// <exception cref="MpiException">Another rank has ended, or the network failed.</exception>
    public void AllGather(ReadOnlySpan<byte> own, Span<byte> all)
    {
        if (all.Length != (long)own.Length * Size)
            throw new ArgumentException(
                $"MpiProcessGroup: {own.Length} bytes of each of {Size} ranks are not {all.Length}.", nameof(all));
        fixed (byte* from = own, to = all)
            Check(
                Mpi.AllGather(from, own.Length, library.Bytes, to, own.Length, library.Bytes, library.World),
                "MPI_Allgather");
    }

    /// <inheritdoc/>
    /// <exception cref="MpiException">Another rank has ended, or the network failed.</exception>
    public void Broadcast(Span<byte> values)
    {
        for (; values.Length > 0; values = values[Math.Min(BroadcastBytes, values.Length)..])
            fixed (byte* first = values)
                Check(
                    Mpi.Broadcast(first, Math.Min(BroadcastBytes, values.Length), library.Bytes, 0, library.World),
                    "MPI_Bcast");
    }

    /// <summary>
    /// Ends all processes at once, without waiting for the others; it does not return. Another thread may call it while
    /// <see cref="Close"/> waits.
    /// </summary>
    /// <param name="code">The exit code, 1 to 255: most launchers return it.</param>
    /// <exception cref="ArgumentOutOfRangeException">The code is that of a success, or too large.</exception>
    public void Abort(int code)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(code, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(code, 255);
        switch (Interlocked.Exchange(ref state, Ended))
        {
            case Open:
                _ = Mpi.Abort(library.World, code);
                break;
            case Closing:
                // MPI has no communicator any more. Launchers end the others where a process ends with a fault.
                Environment.Exit(code);
                break;
        }
    }

    /// <summary>
    /// Leaves the group, when all others do; afterwards there are no operations, and the process may end by itself.
    /// </summary>
    /// <exception cref="MpiException">Another rank has ended, or the network failed.</exception>
    public void Close()
    {
        if (Interlocked.CompareExchange(ref state, Closing, Open) != Open) return;
        Check(Mpi.Shutdown(), "MPI_Finalize");
        Volatile.Write(ref state, Ended);
    }

    /// <summary>Otherwise MPICH's launcher would take the end of a process for a success.</summary>
    private void AbortIfOpen()
    {
        if (Volatile.Read(ref state) == Open) Abort(Environment.ExitCode is > 0 and < 256 and var code ? code : NoCode);
    }

    /// <param name="values">As many for each rank, all in one piece.</param>
    private void SumPiece(Span<float> values)
    {
        var share = values.Length / Size;
        var bytes = share * sizeof(float);
        fixed (float* own = values, rows = received)
        {
            Check(
                Mpi.AllToAll(own, bytes, library.Bytes, rows, bytes, library.Bytes, library.World), "MPI_Alltoall");
            AddRows(received, share);
            Check(
                Mpi.AllGather(rows, bytes, library.Bytes, own, bytes, library.Bytes, library.World), "MPI_Allgather");
        }
    }

    /// <param name="values">Fewer than a piece has.</param>
    private void SumRest(Span<float> values)
    {
        var length = (values.Length + Size - 1) / Size * Size;
        if (length == values.Length)
        {
            SumPiece(values);
            return;
        }

        Reserve(ref padded, length);
        values.CopyTo(padded);
        padded.AsSpan(values.Length, length - values.Length).Clear();
        SumPiece(padded.AsSpan(0, length));
        padded.AsSpan(0, values.Length).CopyTo(values);
    }

    /// <summary>Sums the ranks' rows into the first, by the tree of <see cref="IProcessGroup.AllReduce"/>.</summary>
    private void AddRows(float[] rows, int share)
    {
        for (var step = 1; step < Size; step *= 2)
            for (var i = 0; i + step < Size; i += 2 * step)
                TensorPrimitives.Add(Row(i), Row(i + step), Row(i));

        Span<float> Row(int i) => rows.AsSpan(i * share, share);
    }

    private static void Reserve(ref float[] buffer, int length)
    {
        if (buffer.Length < length) buffer = GC.AllocateUninitializedArray<float>(length, pinned: true);
    }

    private void Check(int code, string function)
    {
        if (code == Mpi.Success) return;
        var who = Size == 0 ? "" : $" on rank {Rank} of {Size}";
        throw new MpiException($"{function} failed{who}: {DescribeError(code)}");
    }

    private static string DescribeError(int code) =>
        ReadText((byte* text, out int length) => Mpi.ErrorString(code, text, out length));

    private static string ReadText(TextReader read)
    {
        var text = stackalloc byte[MaxTextBytes];
        return read(text, out var length) == Mpi.Success
            ? Encoding.UTF8.GetString(text, Math.Clamp(length, 0, MaxTextBytes)).TrimEnd('\0', '\n')
            : "an error without a text";
    }

    private delegate int TextReader(byte* text, out int length);
}
