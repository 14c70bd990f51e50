using System.Buffers.Binary;
using System.Runtime.InteropServices;
using PyNetSharp.Layers;

namespace PyNetSharp.Distributed;

/// <summary>The library of MPI, and the values of its constants, which differ between libraries.</summary>
/// <param name="World">MPI_COMM_WORLD.</param>
/// <param name="Bytes">MPI_BYTE.</param>
/// <param name="ErrorsReturn">MPI_ERRORS_RETURN.</param>
/// <param name="Serialized">MPI_THREAD_SERIALIZED.</param>
/// <param name="Name">The kind of library.</param>
internal sealed unsafe partial record MpiLibrary(
    nint World, nint Bytes, nint ErrorsReturn, int Serialized, string Name)
{
    private const int ElfMachineOffset = 18, ElfHeaderBytes = 20;

    /// <summary>Settings of what is below MPI, where the user has made none.</summary>
    private static readonly (string Variable, string Value)[] Settings =
    [
        // UCX, below Open MPI and MPICH, handles SIGSEGV by ending the process; .NET turns it into an exception.
        ("UCX_ERROR_SIGNALS", ""),
        // Over TCP Open MPI sends longer messages than this in one direction at a time; ours go in both, up to 2 MB.
        ("OMPI_MCA_btl_tcp_eager_limit", "4194304"),
    ];

    private static nint handle;

    /// <summary>Loads the launcher's library, and finds which constants it has.</summary>
    /// <exception cref="InputException">It is not there, or is no MPI for this processor.</exception>
    public static MpiLibrary Load(MpiLaunch launch)
    {
        SetVariables();
        handle = Open(launch);
        NativeLibrary.SetDllImportResolver(
            typeof(MpiLibrary).Assembly, (name, _, _) => name == Mpi.Library ? handle : 0);
        return Describe();
    }

    private static void SetVariables()
    {
        if (OperatingSystem.IsWindows()) return;
        // .NET's own variables are a copy that libraries do not see.
        foreach (var (variable, value) in Settings) _ = SetVariable(variable, value, overwrite: 0);
    }

    private static nint Open(MpiLaunch launch)
    {
        Exception? fault = null;
        foreach (var name in launch.Libraries)
            try
            {
                var found = NativeLibrary.Load(name, typeof(MpiLibrary).Assembly, null);
                if (NativeLibrary.TryGetExport(found, "MPI_Init_thread", out _)) return found;
                throw new InputException(
                    $"'{name}' is not MPI: it has no MPI_Init_thread; expected the library of {launch.Launcher}, " +
                    $"whose launcher started this process. {MpiLaunch.Variable} names another.");
            }
            catch (Exception caught) when (caught is DllNotFoundException or BadImageFormatException)
            {
                fault ??= caught;
            }

        throw new InputException(
            $"{launch.Launcher}'s launcher started this process, but {Why(launch.Libraries, fault!)} Install the " +
            $"launcher's MPI, name its library in {MpiLaunch.Variable}, or set {MpiLaunch.Variable}={MpiLaunch.Off}.",
            fault!);
    }

    private static string Why(IReadOnlyList<string> names, Exception fault)
    {
        if (names is not [var only] || !Path.IsPathRooted(only))
            return $"its library was not found: {string.Join(", ", names)}.";
        if (!File.Exists(only)) return $"there is no '{only}'.";
        if (OtherProcessor(only) is { } processor)
            return $"'{only}' is for {processor}, and this process for {RuntimeInformation.ProcessArchitecture}.";
        var lines = fault.Message.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        var reason = lines.FirstOrDefault(line => line.StartsWith(only, StringComparison.Ordinal)) ?? lines[0];
        return $"its library cannot be loaded: {ErrorText.Cut(reason, 300)}.";
    }

    /// <summary>The processor that a library of Linux is for, if it is not this process's.</summary>
    private static string? OtherProcessor(string path)
    {
        Span<byte> header = stackalloc byte[ElfHeaderBytes];
        try
        {
            using var file = File.OpenRead(path);
            if (file.ReadAtLeast(header, ElfHeaderBytes, throwOnEndOfStream: false) < ElfHeaderBytes) return null;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return null;                // not known; the loader has said why it cannot have the file
        }

        if (!header.StartsWith("\x7FELF"u8)) return null;
        var machine = BinaryPrimitives.ReadUInt16LittleEndian(header[ElfMachineOffset..]);
        var found = machine switch
        {
            3 => "X86", 40 => "Arm", 62 => "X64", 183 => "Arm64", 243 => "RiscV64", _ => $"machine {machine} of ELF",
        };
        return found == RuntimeInformation.ProcessArchitecture.ToString() ? null : found;
    }

    /// <summary>
    /// The standard ABI of MPI 5 says so itself; Open MPI's handles are the addresses of what it exports; what is
    /// neither has the ABI that MPICH, Intel MPI, MVAPICH and Microsoft MPI share.
    /// </summary>
    private static MpiLibrary Describe()
    {
        if (NativeLibrary.TryGetExport(handle, "MPI_Abi_get_version", out var function))
        {
            int major = 0, minor = 0;
            var code = ((delegate* unmanaged<int*, int*, int>)function)(&major, &minor);
            if (code == Mpi.Success && major >= 1) return new(0x101, 0x247, 0x143, 2048, "the standard ABI");
        }

        return NativeLibrary.TryGetExport(handle, "ompi_mpi_comm_world", out var world)
            ? new(world, Export("ompi_mpi_byte"), Export("ompi_mpi_errors_return"), 2, "Open MPI's ABI")
            : new(0x44000000, 0x4c00010d, 0x54000001, 2, "MPICH's ABI");

        static nint Export(string name) => NativeLibrary.GetExport(handle, name);
    }

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetVariable(string name, string value, int overwrite);
}
