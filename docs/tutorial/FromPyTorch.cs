namespace Tutorial;

/// <summary>docs/tutorial.md, "From PyTorch": each line between the marks is a cell of the table.</summary>
public static class FromPyTorch
{
    public static void Run()
    {
        var folder = Directory.CreateTempSubdirectory("tutorial");
        try
        {
            Tensors();
            Autograd();
            Modules(Path.Combine(folder.FullName, "model.safetensors"));
            Training();
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static void Tensors()
    {
        // rows
        var x = Tensor.From([2, 3], [1, 2, 3, 4, 5, 6]);
        Tensor[] made = [Tensor.Zeros([2, 3]), Tensor.Full([2, 3], 0.5f), Tensor.Arange(6), Tensor.Eye(3)];
        var rng = new Rng(seed: 1);
        var noise = Tensor.Normal([2, 3], mean: 0, deviation: 1, rng);
        var (shape, rank, size) = (x.Shape, x.Rank, x.Shape.Size);
        Tensor[] parts = [x[0], x[.., 1..], x[TensorIndex.Ellipsis, ^1], x.Slice(1, .., step: 2)];
        Tensor[] shaped = [x.Reshape(3, -1), x.Permute(1, 0), x.Unsqueeze(0), x.Expand(4, 2, 3)];
        Tensor[] joined = [Tensor.Concat([x, x], axis: 1), Tensor.Stack([x, x])];
        Tensor[] products = [x * noise, x.MatMul(noise, transposeB: true)];
        Tensor[] sums = [x.Sum(1), x.Mean([0, 1], keepDims: true), x.Std(1), x.CumSum(1)];
        Tensor[] largest = [x.Max(1), x.ArgMax(1), x.Maximum(noise)];
        Tensor[] chosen = [(x > 3).Where(x, 0), x.Clamp(0, 1), x.Tril()];
        Tensor[] picked = [x.Gather(1, new Labels([2, 1], [0, 2])), x.IndexSelect(0, 1, 1)];
        Tensor[] activations = [x.Relu(), x.Softmax(axis: -1)];
        var (number, array) = (x.Sum().Item(), x.ToArray());
        Console.WriteLine((x / 4).ToString(new PrintOptions { Precision = 2 }));
        // end
    }

    private static void Autograd()
    {
        var x = Tensor.From([2, 3], [1, 2, 3, 4, 5, 6]);
        // rows
        x.RequiresGrad = true;
        var y = x * 2; y.RetainGrad();
        y.Sum().Backward(); Console.WriteLine(x.Grad);
        using (GradMode.NoGrad()) y = x * 2;
        Tensor[] copies = [x.Detach(), x.Clone()];
        GradientCheck.Of(t => t[0].Exp(), Tensor.Uniform([3], -1, 1, new Rng(1))).ThrowIfFailed();
        // end
    }

    private static void Modules(string path)
    {
        var rng = new Rng(seed: 1);
        var x = Tensor.From([2, 3], [1, 2, 3, 4, 5, 6]);
        // rows
        var model = new Sequential(new Linear(3, 8, rng), new ReLU(), new Linear(8, 2, rng));
        var y = model.Forward(x);
        var (parameters, state) = (model.Parameters(), model.State());
        model.Save(path);
        model.Load(path, strict: false);
        model.Eval(); model.Train();
        model[0].Freeze(); model[0].Unfreeze();
        using (model[0].RegisterForwardHook((module, input, output) => { })) model.Forward(x);
        Module[] layers = [new Embedding(100, 16, rng, paddingIndex: 0), new Identity(), new LayerNorm([16])];
        var device = DeviceCatalog.Open("cpu"); model.To(device); x = x.To(device);
        Console.WriteLine(model);
        // end
    }

    private static void Training()
    {
        var rng = new Rng(seed: 1);
        var x = Tensor.Normal([4, 3], 0, 1, rng);
        var model = new Sequential(new Linear(3, 8, rng), new Linear(8, 2, rng));
        // rows
        Optimizer optimizer = new AdamW(model.Parameters(), learningRate: 1e-3f, weightDecay: 0.01f);
        ParameterGroup[] groups = [new(model[0].Parameters()) { LearningRate = 1e-4f }, new(model[1].Parameters())];
        optimizer = new Sgd(groups, learningRate: 1e-3f, momentum: 0.9f);
        var schedule = new CosineAnnealingLR(total: 100); optimizer.LearningRate = schedule.At(time: 5, start: 1e-3f);
        var data = new TensorDataset(x, labels: [0, 1, 1, 0]);
        var loader = new DataLoader(data, batchSize: 2, shuffle: true, seed: 1);
        foreach (var (input, labels) in loader.Epoch(1)) Step(input, labels);
        // end

        void Step(Tensor input, Labels labels)
        {
            // rows
            var loss = model.Forward(input).CrossEntropy(labels, labelSmoothing: 0.1f);
            optimizer.ZeroGrad(); loss.Backward();
            model.Parameters().ClipGradNorm(1);
            optimizer.Step();
            // end
        }
    }
}
