namespace PyNetSharp;

/// <summary>
/// One step of a narrow sibling of the network on images of noise, beside the reading of the data: what the JIT compiles
/// for it, and what else is slow the first time, the first true step finds done.
/// </summary>
internal static class Rehearsal
{
    private const double Width = 0.25;      // wide enough for the same kernels, and a sixteenth of the weights
    private const int Items = 16, Classes = 10;

    /// <summary>Begins, and returns at once. Nothing comes of it but compiled code, so it is no fault if it fails.</summary>
    public static void Begin(Network network, Recipe recipe) => Task.Run(() => Run(network, recipe));

    private static void Run(Network network, Recipe recipe)
    {
        var (device, rng) = (new CpuDevice(threads: 1), new Rng(0));
        var model = network.Create(new(network.Input, Classes) { Width = Width, Dropout = recipe.Dropout }, rng);
        recipe.Initialise(model, rng);
        model.To(device);

        var optimizer = recipe.CreateOptimizer(model.Parameters());
        var y = model.Forward(Tensor.Uniform([Items, .. network.Input.AsSpan()], 0, 1, rng, device));
        var loss = y.CrossEntropy(new int[Items]);
        _ = y.CorrectCount(new int[Items]);
        loss.Backward();
        optimizer.Step();
        optimizer.ZeroGrad();
        device.TrimMemory();
    }
}
