namespace PyNetSharp.Training;

/// <summary>
/// The weights that callbacks put into a model for its evaluation; disposal restores the model's own.
/// </summary>
internal readonly struct EvaluationWeights : IDisposable
{
    private readonly Stack<IDisposable> scopes = [];

    /// <exception cref="InvalidOperationException">A callback cannot; the others are undone.</exception>
    public EvaluationWeights(IReadOnlyList<ITrainingCallback>? callbacks)
    {
        try
        {
            foreach (var callback in callbacks ?? [])
                if (callback.ApplyEvaluationWeights() is { } scope)
                    scopes.Push(scope);
        }
        catch (Exception)
        {
            Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        while (scopes.TryPop(out var scope)) scope.Dispose();
    }
}
