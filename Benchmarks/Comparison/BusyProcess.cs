using System.Diagnostics;
using System.Globalization;
using System.Numerics;

namespace PyNetSharp.Benchmarks;

/// <summary>A child of ours that computes without end on one core, as another user of the machine would.</summary>
internal sealed class BusyProcess : IDisposable
{
    private BusyProcess(Process process) => Process = process;

    public Process Process { get; }

    /// <summary>Starts it on the last core that this process may use, and waits until it computes.</summary>
    /// <exception cref="InputException">A process cannot be pinned to a core here.</exception>
    public static BusyProcess Start()
    {
        var start = StepProcess.GetOwnStartInfo("spin", LastCore().ToString(CultureInfo.InvariantCulture));
        start.RedirectStandardInput = start.RedirectStandardOutput = true;
        var busy = new BusyProcess(Process.Start(start)!);
        busy.Process.StandardOutput.ReadLine();
        return busy;
    }

    /// <summary>The command <c>spin</c>, which the child runs: computes on a core until its input ends.</summary>
    public static void Spin(int core)
    {
        using var current = Process.GetCurrentProcess();
        if (OperatingSystem.IsLinux() || OperatingSystem.IsWindows()) current.ProcessorAffinity = (nint)1 << core;
        var ended = false;
        new Thread(() =>
        {
            while (Console.In.Read() >= 0) { }
            Volatile.Write(ref ended, true);
        }).Start();
        Console.WriteLine("busy");
        var x = 1.0;
        while (!Volatile.Read(ref ended) && x > 0) x = Math.Sqrt(x + 1);
    }

    private static int LastCore()
    {
        using var current = Process.GetCurrentProcess();
        if (OperatingSystem.IsLinux() || OperatingSystem.IsWindows())
            return BitOperations.Log2((ulong)current.ProcessorAffinity);
        throw new InputException("--beside-busy: this system does not pin a process to a core.");
    }

    public void Dispose()
    {
        Process.StandardInput.Close();
        Process.WaitForExit();
        Process.Dispose();
    }
}
