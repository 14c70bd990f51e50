using PyNetSharp.Layers;

namespace PyNetSharp.Models;

/// <summary>A trained network with what else classifying images needs: preprocessing, names of classes.</summary>
/// <remarks>
/// Several threads may predict at once; they take turns, as one prediction uses all cores. The network is compiled for
/// the numbers of images that are predicted again and again (<see cref="CompiledModel"/>), with the same bits.
/// </remarks>
/// <example><code>
/// var classifier = Classifier.Load("runs/first/best.safetensors");
/// var prediction = classifier.Predict(pixels, [3, 480, 640]);
/// Console.WriteLine($"{prediction.ClassName} {prediction.Probabilities[prediction.Label!.Value]}");
/// </code></example>
public sealed class Classifier
{
    private const int MaxCompiled = 4;

    private readonly Lock turn = new();
    private readonly Device device;
    private readonly Dictionary<int, CompiledModel?> compiled = [];        // by the number of images; null: seen once
    private bool canCompile = true;

    /// <summary>A classifier of a network in memory, which is switched to evaluation.</summary>
    /// <param name="model">Outputs [N, classes].</param>
    /// <param name="preprocessing">What was done to the images that it was trained on.</param>
    /// <param name="classNames">In the order of the outputs.</param>
    public Classifier(Module model, Preprocessing preprocessing, IReadOnlyList<string> classNames)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(preprocessing);
        ArgumentNullException.ThrowIfNull(classNames);
        (Model, Preprocessing, ClassNames) = (model.Eval(), preprocessing, classNames);
        device = model.Parameters() is [var parameter, ..] ? parameter.Device : Device.Cpu;
    }

    /// <summary>The network.</summary>
    public Module Model { get; }

    /// <summary>What is done to an image.</summary>
    public Preprocessing Preprocessing { get; }

    /// <summary>The names of the classes, in the order of the outputs.</summary>
    public IReadOnlyList<string> ClassNames { get; }

    /// <summary>Reads weights that <c>pynet</c> has trained, or others with its <see cref="WeightMetadata"/>.</summary>
    /// <param name="path">A safetensors file.</param>
    /// <param name="device">Where to compute; null for the CPU.</param>
    /// <exception cref="InputException">
    /// The file cannot be read, does not say which network it is of and what its images are, or does not fit it.
    /// </exception>
    public static Classifier Load(string path, Device? device = null)
    {
        var metadata = WeightMetadata.Read(path);
        var name = metadata.Model ?? throw Missing("model", "which network they are of");
        var network = NetworkCatalog.All.FirstOrDefault(known => known.Name == name)
            ?? throw new InputException($"'{path}' has weights of {ErrorText.Quote(name)}, which is not known.");
        var classNames = metadata.ClassNames ?? throw Missing("classes", "the names of their classes");
        var item = metadata.Item ?? throw Missing("item", "the shape of the images that they were trained on");
        var preprocessing = new Preprocessing(
            item, metadata.Resize, metadata.Mean ?? network.Recipe.Mean, metadata.Std ?? network.Recipe.Std);

        var options = new NetworkOptions(preprocessing.Input, classNames.Count)
        {
            WidthMultiplier = metadata.WidthMultiplier ?? 1,
        };
        network.CheckWeights(options, path);        // before memory is allocated for what the metadata say
        var model = network.Create(options, new Rng(0));
        model.Load(path);
        return new(model.To(device ?? Device.Cpu), preprocessing, classNames);

        InputException Missing(string key, string what) =>
            new($"'{path}' does not say {what}: its metadata have no valid '{key}'. Weights of pynet train have one.");
    }

    /// <summary>Classifies an image of any size.</summary>
    /// <param name="image">In c, h, w order, 0 black and 255 full.</param>
    /// <param name="shape">Its shape [c, h, w], with the channels of <see cref="Preprocessing.Item"/>.</param>
    /// <exception cref="ShapeException">The image has no pixels, or other channels.</exception>
    public Prediction Predict(ReadOnlySpan<byte> image, Shape shape)
    {
        var input = new float[Preprocessing.Input.Size];
        Preprocessing.Apply(image, shape, input);
        return Run(input, 1)[0];
    }

    /// <summary>Classifies an image of any size.</summary>
    /// <param name="image">[c, h, w] in [0, 1], with the channels of <see cref="Preprocessing.Item"/>.</param>
    /// <exception cref="ShapeException">The image has no pixels, or other channels.</exception>
    public Prediction Predict(Tensor image)
    {
        var input = new float[Preprocessing.Input.Size];
        Preprocessing.Apply(image, input);
        return Run(input, 1)[0];
    }

    /// <summary>Classifies several images at once, which takes less time than one after the other.</summary>
    /// <param name="inputs">Images that <see cref="Preprocessing"/> has preprocessed, one after the other.</param>
    /// <param name="count">Their number, at least 1.</param>
    /// <exception cref="ArgumentException">There are not as many values.</exception>
    public IReadOnlyList<Prediction> Run(ReadOnlySpan<float> inputs, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        var size = Preprocessing.Input.Size;
        if (inputs.Length != (long)size * count)
            throw new ArgumentException(FormattableString.Invariant(
                $"{inputs.Length} values for {count} inputs of shape {Preprocessing.Input}."), nameof(inputs));
        float[] logits;
        lock (turn)
        {
            if (FindCompiled(count) is { } model)
            {
                logits = new float[model.OutputShape.Size];
                model.Run(inputs, logits);
            }
            else
            {
                logits = RunPlain(inputs, count);
            }
        }

        if (logits.Length != (long)count * ClassNames.Count)
            throw new ShapeException(
                $"Classifier: {logits.Length} outputs for {count} images of {ClassNames.Count} classes.");
        return
        [
            .. Enumerable.Range(0, count)
                .Select(i => new Prediction(logits[(i * ClassNames.Count)..((i + 1) * ClassNames.Count)], ClassNames)),
        ];
    }

    private float[] RunPlain(ReadOnlySpan<float> inputs, int count)
    {
        using var paused = GradMode.NoGrad();
        var x = Tensor.From([count, .. Preprocessing.Input], inputs, device);
        var y = Model.Forward(x);
        var logits = y.ToArray();
        y.Release();
        return logits;
    }

    /// <summary>
    /// The network compiled for this number of images, from the second call with it on; null if it is not compiled.
    /// </summary>
    private CompiledModel? FindCompiled(int count)
    {
        if (!canCompile) return null;
        if (!compiled.TryGetValue(count, out var model))
        {
            if (compiled.Count >= MaxCompiled) DropCompiled();
            compiled.Add(count, null);
            return null;
        }

        if (model is { IsCurrent: true }) return model;
        try
        {
            model?.Dispose();
            // Folding would change the bits between the first and the second prediction
            return compiled[count] = Model.Compile([count, .. Preprocessing.Input], foldBatchNorm: false);
        }
        catch (Exception fault) when (fault is NotSupportedException or InsufficientMemoryException)
        {
            canCompile = false;
            DropCompiled();
            return null;
        }
    }

    private void DropCompiled()
    {
        foreach (var model in compiled.Values) model?.Dispose();
        compiled.Clear();
    }
}
