namespace PyNetSharp.Benchmarks;

/// <summary>Finds the peers that a comparison names, and says why one is left out.</summary>
/// <param name="pythons">With PyTorch; empty for the first of the usual ones that has it.</param>
/// <param name="device">Where the peers compute.</param>
/// <param name="precision">Of products on a GPU.</param>
/// <param name="models">For those that read ONNX files.</param>
internal sealed class Peers(IReadOnlyList<string> pythons, string device, string precision, OnnxModels models)
{
    private static readonly string[] UsualPythons = ["python3", "/usr/bin/python3"];

    /// <summary>The names of the option <c>--peers</c>.</summary>
    public static IReadOnlyList<string> Names { get; } = ["pytorch", "torchsharp", "onnxruntime"];

    private bool OnGpu => device != "cpu";

    /// <summary>Every configuration of those that can run here.</summary>
    /// <param name="names">Of <see cref="Names"/>.</param>
    /// <param name="report">Takes a line for each that cannot.</param>
    /// <exception cref="InputException">One of the names is unknown.</exception>
    public IReadOnlyList<Peer> Find(IReadOnlyList<string> names, Action<string> report)
    {
        if (names.FirstOrDefault(name => !Names.Contains(name)) is { } unknown)
            throw new InputException($"--peers: there is no '{unknown}'; there are {string.Join(", ", Names)}.");
        return [.. names.Distinct().SelectMany(Programs).SelectMany(program => Try(program, report))];
    }

    private IEnumerable<(string Name, Func<IReadOnlyList<Peer>> Find)> Programs(string name) => name switch
    {
        "torchsharp" => [("TorchSharp", FindTorchSharp)],
        "onnxruntime" => [("ONNX Runtime", FindOnnxRuntime)],
        _ when pythons.Count == 0 => [("PyTorch", () => FindPyTorch(UsualPythons))],
        _ => pythons.Select(python => ("PyTorch", (Func<IReadOnlyList<Peer>>)(() => FindPyTorch([python])))),
    };

    private static IReadOnlyList<Peer> Try(
        (string Name, Func<IReadOnlyList<Peer>> Find) program, Action<string> report)
    {
        try
        {
            return program.Find();
        }
        catch (InputException reason)
        {
            report($"{program.Name} is skipped: {reason.Message}");
            return [];
        }
    }

    private IReadOnlyList<Peer> FindPyTorch(string[] candidates) =>
        candidates.FirstOrDefault(python => PyTorch.IsIn(python, OnGpu)) is { } found
            ? PyTorch.Configurations(found, OnGpu, precision)
            : throw new InputException(
                $"{candidates[0]} has no PyTorch{(OnGpu ? " that sees a CUDA device" : "")}. Debian: apt install " +
                "python3-torch python3-numpy libopenblas0-pthread; elsewhere: pip install torch numpy. " +
                "--python PATH names another Python.");

    private IReadOnlyList<Peer> FindTorchSharp()
    {
        RefuseGpu();
        var assembly = PeerProject.Build("TorchSharp");
        PeerProject.Check(assembly);
        return TorchSharp.Configurations(assembly);
    }

    private IReadOnlyList<Peer> FindOnnxRuntime()
    {
        RefuseGpu();
        return OnnxRuntime.Configurations(PeerProject.Build("OnnxRuntime"), models);
    }

    private void RefuseGpu()
    {
        if (OnGpu) throw new InputException($"it is compared on the CPU alone, not on {device}.");
    }
}
