namespace PyNetSharp;

/// <summary>Whether ops on this thread write the graph that <see cref="Tensor.Backward()"/> needs.</summary>
public static class GradMode
{
    [ThreadStatic] private static int noGradDepth;
    [ThreadStatic] private static bool inBackward;

    /// <summary>Whether ops are recorded now.</summary>
    public static bool IsEnabled => noGradDepth == 0;

    /// <summary>Whether a backward pass runs on this thread: what ops return there is counted by the pass.</summary>
    internal static bool InBackward { get => inBackward; set => inBackward = value; }

    /// <summary>Stops recording on this thread until the result is disposed; for evaluation, and within a backward pass.</summary>
    /// <example><code>using (GradMode.NoGrad()) accuracy = model.Forward(x).Accuracy(labels);</code></example>
    public static NoGradGuard NoGrad()
    {
        noGradDepth++;
        return new(active: true);
    }

    /// <summary>Ends one <see cref="NoGrad"/> when disposed.</summary>
    public readonly ref struct NoGradGuard
    {
        private readonly bool active;

        internal NoGradGuard(bool active) => this.active = active;

        /// <summary>Ops are recorded again, if this was the outermost guard.</summary>
        public void Dispose()
        {
            if (active) noGradDepth--;
        }
    }
}
