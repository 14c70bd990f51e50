using System.Globalization;

namespace PyNetSharp.Distributed;

/// <summary>What a launcher (<c>mpirun</c>, <c>mpiexec</c>, <c>srun</c>) has told this process about itself.</summary>
/// <param name="Launcher">The MPI that the launcher belongs to: "Open MPI".</param>
/// <param name="Rank">The number of this process; null where the launcher does not say.</param>
/// <param name="LocalRank">Its number among those of its machine; null where the launcher does not say.</param>
/// <param name="Size">The number of processes; null where the launcher does not say.</param>
/// <param name="Libraries">The files that may be the launcher's library, the likeliest first.</param>
internal sealed record MpiLaunch(
    string Launcher, int? Rank, int? LocalRank, int? Size, IReadOnlyList<string> Libraries)
{
    /// <summary>The variable that names the library in place of the launcher's, or switches MPI off.</summary>
    public const string Variable = "PYNET_MPI";

    /// <summary>The value of <see cref="Variable"/> with which every process is on its own.</summary>
    public const string Off = "off";

    private static readonly string[] OpenMpi = Names("libmpi.so.40", "libmpi.40.dylib", "mpi.dll");
    private static readonly string[] Mpich =
    [
        .. Names("libmpich.so.12", "libmpich.12.dylib", "msmpi.dll"),
        .. Names("libmpi.so.12", "libmpi.12.dylib", "impi.dll"),
    ];
    private static readonly string[] StandardAbi = Names("libmpi_abi.so.0", "libmpi_abi.0.dylib", "mpi_abi.dll");

    /// <summary>That of this process; null if no launcher has started it, or MPI is switched off.</summary>
    public static MpiLaunch? Current { get; } = Find(Environment.GetEnvironmentVariable);

    /// <param name="variable">Reads a variable of the environment.</param>
    public static MpiLaunch? Find(Func<string, string?> variable)
    {
        var library = variable(Variable);
        if (library == Off) return null;
        MpiLaunch? found =
            Has("OMPI_COMM_WORLD_SIZE")
                ? Of("Open MPI", "OMPI_COMM_WORLD_", "OMPI_COMM_WORLD_LOCAL_RANK", [.. OpenMpi, .. StandardAbi])
            : Has("PMI_SIZE") ? Of("MPICH", "PMI_", "MPI_LOCALRANKID", [.. Mpich, .. StandardAbi])
            : Has("PMIX_RANK") ? Of("PMIx", "PMIX_", "SLURM_LOCALID", [.. OpenMpi, .. StandardAbi, .. Mpich])
            : null;
        return found is null || string.IsNullOrEmpty(library) ? found : found with { Libraries = [library] };

        bool Has(string name) => !string.IsNullOrEmpty(variable(name));

        MpiLaunch Of(string launcher, string prefix, string localRank, string[] libraries) =>
            new(launcher, Number($"{prefix}RANK"), Number(localRank), Number($"{prefix}SIZE"), libraries);

        int? Number(string name) =>
            int.TryParse(variable(name), NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : null;
    }

    private static string[] Names(string linux, string mac, string windows) =>
        [OperatingSystem.IsWindows() ? windows : OperatingSystem.IsMacOS() ? mac : linux];
}
