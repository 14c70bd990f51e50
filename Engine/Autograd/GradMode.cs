namespace PyNetSharp;

/// <summary>Whether ops on this thread record the graph that <see cref="Tensor.Backward()"/> needs.</summary>
public static class GradMode
{
    [ThreadStatic] private static int noGradDepth;
    [ThreadStatic] private static bool inBackward;

    /// <summary>Whether ops on this thread are recorded.</summary>
    public static bool IsEnabled => noGradDepth == 0;

    /// <summary>
    /// Whether a backward pass runs on this thread, which then holds the references to the gradients.
    /// </summary>
    internal static bool InBackward { get => inBackward; set => inBackward = value; }

    /// <summary>Stops recording on this thread until the guard is disposed. Guards nest.</summary>
    /// <example><code>using (GradMode.NoGrad()) accuracy = model.Forward(x).Accuracy(labels);</code></example>
    public static NoGradGuard NoGrad()
    {
        noGradDepth++;
        return new(active: true);
    }

    /// <summary>Undoes one call of <see cref="NoGrad"/> when disposed.</summary>
    public readonly ref struct NoGradGuard
    {
        private readonly bool active;

        internal NoGradGuard(bool active) => this.active = active;

        /// <summary>Records ops again if this was the outermost guard.</summary>
        public void Dispose()
        {
            if (active) noGradDepth--;
        }
    }
}
