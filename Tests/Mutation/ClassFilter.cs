using System.Text.RegularExpressions;

namespace PyNetSharp.Mutation;

/// <summary>Which classes of tests judge faults.</summary>
internal static class ClassFilter
{
    /// <summary>All that run in this process, on the CPU.</summary>
    public const string Cpu = "cpu";

    /// <summary>Those that run kernels on the emulated GPU, within seconds.</summary>
    public const string Gpu = "gpu";

    /// <summary>
    /// Starts processes of their own, compares texts of the repository, compiles for GPUs without running, or is a test
    /// of the tests.
    /// </summary>
    private const string Elsewhere =
        @"\.Gpu|Ptx|Benchmark|Docs|Readme|Source|PublicNames|ReportTests|KernelCatalog|ConvVariant" +
        "|TerminalTests|OutsideTests|TrainCommand|BadCallTests|SteadyLoop|ResNetTests|OtherCommand|GradcheckCommand" +
        "|ResumeTests|PackageTests|FineTuneTests|IlgpuLoading|Killed|Exchange|CoverageGuided|ProcessLimit|Moved" +
        "|Compil|ProductKernel|DeviceCatalog|Tiling|DataMutation|TutorialTests|HostileServer";

    private const string OnGpus = "GpuOpTests|GpuGoldenTests|GpuOptimizerTests|GpuEmptyExtent|ProductKernel|ScoreLog"
        + @"|\.(StatisticsTests|ComparisonTests|LookupTests|CustomOpTests)";

    public static bool Matches(string classes, string name) =>
        classes == Gpu ? Regex.IsMatch(name, OnGpus) : !Regex.IsMatch(name, Elsewhere);
}
