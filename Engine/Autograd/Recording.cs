namespace PyNetSharp;

/// <summary>Whether ops on this thread write the graph that <see cref="Tensor.Backward()"/> needs.</summary>
public static class Recording
{
    [ThreadStatic] private static int pauses;
    [ThreadStatic] private static bool inBackward;

    /// <summary>Whether ops are recorded now.</summary>
    public static bool IsOn => pauses == 0;

    /// <summary>Whether a backward pass runs on this thread: what ops return there is counted by the pass.</summary>
    internal static bool InBackward { get => inBackward; set => inBackward = value; }

    /// <summary>Stops recording on this thread until the result is disposed; for evaluation, and within a backward pass.</summary>
    /// <example><code>using (Recording.Pause()) accuracy = model.Forward(x).Accuracy(labels);</code></example>
    public static Paused Pause()
    {
        pauses++;
        return new(active: true);
    }

    /// <summary>Ends one pause when disposed.</summary>
    public readonly ref struct Paused
    {
        private readonly bool active;

        internal Paused(bool active) => this.active = active;

        /// <summary>Recording goes on, if this was the outermost pause.</summary>
        public void Dispose()
        {
            if (active) pauses--;
        }
    }
}
