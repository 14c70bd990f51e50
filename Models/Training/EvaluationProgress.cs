namespace PyNetSharp.Training;

/// <summary>Tells a trainer's observers how a measurement on the test set goes on, at once and in order.</summary>
/// <param name="observers">Who hears of it.</param>
/// <param name="count">Items in all.</param>
internal sealed class EvaluationProgress(IReadOnlyList<ITrainingCallback> observers, int count) : IProgress<int>
{
    public void Report(int value)
    {
        foreach (var observer in observers) observer.OnEvaluationProgress(value, count);
    }
}
