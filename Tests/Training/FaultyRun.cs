namespace PyNetSharp.Tests;

/// <summary>
/// A run as the app makes them, with dropout, a plateau, a checkpoint at each step, and weights kept after every third
/// of an epoch's four.
/// </summary>
internal sealed class FaultyRun : IDisposable
{
    private const int Epochs = 2;
    private static readonly TrainTestSplit Xor = XorGenerator.Generate(seed: 1, train: 80, test: 40);

    private readonly RunFolder folder;
    private readonly Trainer trainer;

    public FaultyRun(string path, int saveEvery = 3, bool inBackground = false)
    {
        folder = new(path);
        var resumes = folder.HoldsRun;
        try
        {
            if (resumes)
            {
                folder.ReadConfig();
                folder.Lock();
            }
            else folder.Create(SmallRunConfig.Of());

            var rng = new Rng(3);
            var model = new Sequential(
                new Linear(2, 8, rng), new BatchNorm1d(8), new ReLU(), new Dropout(rng.Split(), 0.2f),
                new Linear(8, 2, rng));
            Recorder = new(
                folder, "perceptron", Said.Add, null, CheckpointInterval.Steps(1), 2, saveEvery, inBackground);
            trainer = new(
                model, new(Xor.Train, 20, seed: 2), new(Xor.Test, 20, shuffle: false),
                new Adam(model.Parameters(), 0.01f), schedule: new ReduceLROnPlateau(PlateauMode.Max, patience: 0))
            {
                Callbacks = [Recorder, new RecordingCallback { OnStep = step => OnStep?.Invoke(step.Step) }],
            };
            if (resumes) Recorder.Resume(trainer, folder.Restore(trainer, Said.Add));
        }
        catch (Exception)
        {
            folder.Dispose();
            throw;
        }
    }

    public RunRecorder Recorder { get; }

    public Action<long>? OnStep { get; set; }

    public List<string> Said { get; } = [];

    /// <summary>Resumes a run, or begins it if it had not begun, and trains it to its end.</summary>
    public static void Finish(string path, int saveEvery = 3)
    {
        using var run = new FaultyRun(path, saveEvery);
        run.Train();
    }

    public void Train(CancellationToken cancellation = default) => trainer.Run(Epochs, cancellation);

    public void Dispose() => folder.Dispose();
}
