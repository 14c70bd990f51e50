using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>A part of a state is loaded, and what does not fit is reported.</summary>
public sealed class PartialLoadTests
{
    private readonly TemporaryFolder folder = new();

    [OneTimeTearDown]
    public void Remove() => folder.Dispose();

    [Test]
    public void What_fits_is_loaded_and_the_rest_is_reported()
    {
        var (saved, model) = (Network(1, classes: 3), Network(2, classes: 5, extra: true));
        var head = model["head"].State().SelectMany(s => s.Tensor.ToArray()).ToArray();
        Safetensors.Save(folder["a"], [.. saved.State(), ("aux.weight", Tensor.Zeros([7]))]);

        var report = model.Load(folder["a"], strict: false);

        string[] loaded =
        [
            "features.0.weight", "features.0.bias", "features.1.weight", "features.1.bias", "features.1.running_mean",
            "features.1.running_var",
        ];
        Assert.That(report.Loaded, Is.EqualTo(loaded));
        Assert.That(report.Missing, Is.EqualTo(new[] { "extra.weight", "extra.bias" }));
        Assert.That(report.Unexpected, Is.EqualTo(new[] { "aux.weight" }));
        Assert.That(
            report.SizeMismatches.Select(tensor => tensor.Name), Is.EqualTo(new[] { "head.weight", "head.bias" }));
        Assert.That(report.SizeMismatches[1].Found, Is.EqualTo(new[] { 3L }));
        Assert.That(report.SizeMismatches[1].Expected, Is.EqualTo(Shape.Create([5])));
        Assert.That(report.IsExact, Is.False);
        Assert.That(
            $"{report}",
            Is.EqualTo("6 tensors loaded; missing keys: 'extra.weight', 'extra.bias'; " +
                "unexpected keys: 'aux.weight'; size mismatch: " +
                "'head.weight' [3, 4], expected [5, 4], 'head.bias' [3], expected [5]"));
        Assert.That(Numbers(model["features"]), Is.EqualTo(Numbers(saved["features"])));
        Assert.That(Numbers(model["head"]), Is.EqualTo(head));
    }

    [Test]
    public void A_file_that_fits_is_reported_as_exact([Values] bool strict)
    {
        Network(1).Save(folder["a"]);
        var report = Network(2).Load(folder["a"], strict);
        Assert.That((report.IsExact, $"{report}"), Is.EqualTo((true, "8 tensors loaded")));
    }

    [Test]
    public void A_prefix_selects_a_part_of_another_model()
    {
        var (saved, model) = (Network(1), Network(2));
        saved.Save(folder["a"]);
        var report = model["features"].Load(folder["a"], prefix: "features.");
        Assert.That(report.Loaded[0], Is.EqualTo("0.weight"));
        Assert.That(Numbers(model["features"]), Is.EqualTo(Numbers(saved["features"])));
        Assert.That(Numbers(model["head"]), Is.Not.EqualTo(Numbers(saved["head"])));
    }

    [Test]
    public void Names_can_be_changed_and_left_out()
    {
        var (saved, model) = (Network(1), Network(2));
        Safetensors.Save(folder["a"], saved.State().Select(s => ($"module.net.{s.Name}", s.Tensor)));
        var report = model.Load(
            folder["a"], strict: false, prefix: "module.",
            rename: name => name.Contains("head", StringComparison.Ordinal) ? null : name["net.".Length..]);
        Assert.That(report.Missing, Is.EqualTo(new[] { "head.weight", "head.bias" }));
        Assert.That(report.Unexpected, Is.Empty);
        Assert.That(Numbers(model["features"]), Is.EqualTo(Numbers(saved["features"])));
    }

    [Test]
    public void Two_tensors_of_one_name_are_refused()
    {
        Network(1).Save(folder["a"]);
        Unchanged(
            model => model.Load(folder["a"], strict: false, rename: name => name.Split('.')[^1]),
            "has two tensors that would be 'weight': 'features.0.weight' and 'features.1.weight'.");
    }

    [Test]
    public void A_type_that_cannot_be_read_is_refused_if_it_would_be_loaded()
    {
        var header = """{"head.bias":{"dtype":"I64","shape":[3],"data_offsets":[0,24]}}""";
        File.WriteAllBytes(folder["a"], SafetensorsBytes.Of(header, new byte[24]));
        Unchanged(model => model.Load(folder["a"], strict: false), "'head.bias' I64");

        var report = Network(1, classes: 4).Load(folder["a"], strict: false);
        Assert.That(report.SizeMismatches.Select(tensor => tensor.Name), Is.EqualTo(new[] { "head.bias" }));
    }

    [Test]
    public void A_file_that_ends_early_while_it_is_read_changes_nothing()
    {
        Network(1).Save(folder["a"]);
        using var file = Safetensors.Open(folder["a"]);
        using (var stream = new FileStream(folder["a"], FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
            stream.SetLength(stream.Length - 4);
        Unchanged(
            model => ModuleSerialization.Load("a", file, model.State(), strict: false),
            "although it was longer when it was opened");
    }

    [Test]
    public void Frozen_parameters_are_loaded_and_stay_frozen()
    {
        var (saved, model) = (Network(1), Network(2));
        saved.Save(folder["a"]);
        model["features"].Freeze();
        model.Load(folder["a"]);
        Assert.That(Numbers(model), Is.EqualTo(Numbers(saved)));
        Assert.That(model["features"].Parameters().Select(p => p.RequiresGrad), Is.All.False);
    }

    private static void Unchanged(Action<Module> load, string fault)
    {
        var model = Network(2);
        var before = Numbers(model);
        Assert.That(() => load(model), Throws.TypeOf<InputException>().With.Message.Contains(fault));
        Assert.That(Numbers(model), Is.EqualTo(before));
    }

    private static Sequential Network(ulong seed, int classes = 3, bool extra = false)
    {
        var rng = new Rng(seed);
        (string, Module)[] parts =
        [
            ("features", new Sequential(new Linear(2, 4, rng), new BatchNorm1d(4))),
            ("head", new Linear(4, classes, rng)),
        ];
        return new Sequential(extra ? [.. parts, ("extra", new Linear(1, 1, rng))] : parts);
    }

    private static float[] Numbers(Module model) => [.. model.State().SelectMany(s => s.Tensor.ToArray())];
}
