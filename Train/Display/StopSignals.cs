using System.Runtime.InteropServices;

namespace PyNetSharp.Train;

/// <summary>Turns SIGINT, SIGTERM and SIGHUP into a cancellation, until it is disposed.</summary>
internal sealed class StopSignals : IDisposable
{
    private const int FromSignal = 128;         // added to a signal's number, as in shells

    private readonly CancellationTokenSource source = new();
    private readonly PosixSignalRegistration[] registrations;
    private int exitCode;

    public StopSignals() => registrations =
    [
        PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => Stop(signal, 2)),
        PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal => Stop(signal, 15)),
        PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal => Stop(signal, 1)),      // the terminal was closed
    ];

    /// <summary>Canceled by the first signal.</summary>
    public CancellationToken Token => source.Token;

    /// <summary>The exit code for the signal; 0 if there was none.</summary>
    public int ExitCode => exitCode;

    /// <summary>Stops as the interrupt key does, once or several times.</summary>
    public void Stop() => StopWith(FromSignal + 2);

    /// <summary>Stops as the signal with an exit code does; 0 for none.</summary>
    public void StopWith(int code)
    {
        if (code == 0 || source.IsCancellationRequested) return;
        exitCode = code;
        source.Cancel();
    }

    public void Dispose()
    {
        foreach (var registration in registrations) registration.Dispose();
        source.Dispose();
    }

    /// <summary>A second signal ends the process at once: a step may take long.</summary>
    private void Stop(PosixSignalContext signal, int number)
    {
        signal.Cancel = !source.IsCancellationRequested;
        exitCode = FromSignal + number;
        source.Cancel();
    }
}
