using System.Diagnostics;

namespace PyNetSharp.Training;

/// <summary>Lets another thread pause a training between two steps.</summary>
internal sealed class PauseGate
{
    private readonly ManualResetEventSlim open = new(initialState: true);
    private long waitedTicks;

    /// <summary>Whether training is to wait before its next step.</summary>
    public bool IsClosed => !open.IsSet;

    /// <summary>Whether it waits now.</summary>
    public bool IsWaiting { get; private set; }

    /// <summary>The time that training has waited in all, without a wait that goes on.</summary>
    public TimeSpan Waited => TimeSpan.FromTicks(Interlocked.Read(ref waitedTicks));

    /// <summary>Called by the training thread when it begins to wait, with true, and at the end, with false.</summary>
    public Action<bool>? Changed { get; set; }

    /// <summary>Training waits after its current step, until <see cref="Open"/>.</summary>
    public void Close() => open.Reset();

    /// <summary>Training goes on.</summary>
    public void Open() => open.Set();

    /// <summary>Waits until the gate is open, or canceled.</summary>
    public void Wait(CancellationToken cancellation)
    {
        var start = Stopwatch.GetTimestamp();
        IsWaiting = true;
        Changed?.Invoke(true);
        try
        {
            open.Wait(cancellation);
        }
        catch (OperationCanceledException)
        {
            // The training sees that itself.
        }

        IsWaiting = false;
        Interlocked.Add(ref waitedTicks, Stopwatch.GetElapsedTime(start).Ticks);
        Changed?.Invoke(false);
    }
}
