using System.Diagnostics;

namespace PyNetSharp.Benchmarks;

/// <summary>
/// A program to compare with, in one of the configurations that may be its fastest. As text it is the configuration.
/// </summary>
internal abstract record Peer
{
    /// <summary>The program's name without version.</summary>
    public abstract string Title { get; }

    /// <summary>Whether it has training steps too, not only inference.</summary>
    public virtual bool Trains => true;

    /// <summary>How the program is started that serves this workload's steps; see <see cref="StepLoop"/>.</summary>
    public abstract ProcessStartInfo GetStartInfo(Workload workload, int threads);

    /// <summary>Lets malloc keep freed memory instead of unmapping it and faulting it in again.</summary>
    protected static void KeepFreedMemory(ProcessStartInfo start)
    {
        start.Environment["MALLOC_MMAP_MAX_"] = "0";
        start.Environment["MALLOC_TRIM_THRESHOLD_"] = "99999999999";
    }

    /// <summary>A memory layout and an allocator, in words.</summary>
    protected static string Describe(string layout, bool keepsFreedMemory) =>
        $"{layout.Replace('_', '-')}{(keepsFreedMemory ? ", no mmap, no trimming" : "")}";
}
