using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>Layers print as PyTorch's do; each expectation is what PyTorch 1.13 prints for the same layer.</summary>
public sealed class PrintingTests
{
    private static readonly Rng Rng = new(1);

    private static TestCaseData[] Layers =>
    [
        new(new Conv2d(1, 20, 3, Rng), "Conv2d(1, 20, kernel_size=(3, 3), stride=(1, 1))"),
        new(
            new Conv2d(3, 64, 11, Rng, stride: 4, padding: 2),
            "Conv2d(3, 64, kernel_size=(11, 11), stride=(4, 4), padding=(2, 2))"),
        new(
            new Conv2d(1, 2, (3, 5), Rng, (1, 2), (0, 1), bias: false),
            "Conv2d(1, 2, kernel_size=(3, 5), stride=(1, 2), padding=(0, 1), bias=False)"),
        new(
            new Conv2d(8, 16, 3, Rng, padding: 2, dilation: 2, groups: 8),
            "Conv2d(8, 16, kernel_size=(3, 3), stride=(1, 1), padding=(2, 2), dilation=(2, 2), groups=8)"),
        new(
            new Conv2d(4, 6, 1, Rng, bias: false, dilation: (1, 3), groups: 2),
            "Conv2d(4, 6, kernel_size=(1, 1), stride=(1, 1), dilation=(1, 3), groups=2, bias=False)"),
        new(new Linear(9216, 4096, Rng), "Linear(in_features=9216, out_features=4096, bias=True)"),
        new(new Linear(2, 3, Rng, bias: false), "Linear(in_features=2, out_features=3, bias=False)"),
        new(new MaxPool2d(2), "MaxPool2d(kernel_size=2, stride=2, padding=0, dilation=1, ceil_mode=False)"),
        new(
            new MaxPool2d(3, 2, 1, ceilMode: true),
            "MaxPool2d(kernel_size=3, stride=2, padding=1, dilation=1, ceil_mode=True)"),
        new(
            new MaxPool2d((2, 3)),
            "MaxPool2d(kernel_size=(2, 3), stride=(2, 3), padding=0, dilation=1, ceil_mode=False)"),
        new(
            new MaxPool2d(3, 1, 1, dilation: 2),
            "MaxPool2d(kernel_size=3, stride=1, padding=1, dilation=2, ceil_mode=False)"),
        new(
            new MaxPool2d(2, dilation: (2, 3)),
            "MaxPool2d(kernel_size=2, stride=2, padding=0, dilation=(2, 3), ceil_mode=False)"),
        new(new AvgPool2d(8), "AvgPool2d(kernel_size=8, stride=8, padding=0)"),
        new(new AdaptiveAvgPool2d(6), "AdaptiveAvgPool2d(output_size=(6, 6))"),
        new(new GlobalAvgPool2d(), "GlobalAvgPool2d()"),
        new(new ReLU(), "ReLU()"),
        new(new Softmax(), "Softmax(dim=1)"),
        new(new Flatten(), "Flatten(start_dim=1, end_dim=-1)"),
        new(new Dropout(Rng), "Dropout(p=0.5, inplace=False)"),
        new(new Dropout2d(Rng, 0), "Dropout2d(p=0.0, inplace=False)"),
        new(new Dropout1d(Rng, 0.3f), "Dropout1d(p=0.3, inplace=False)"),
        new(new LayerNorm(5), "LayerNorm((5,), eps=1e-05, elementwise_affine=True)"),
        new(
            new LayerNorm([3, 4], 1e-6f, elementwiseAffine: false),
            "LayerNorm((3, 4), eps=1e-06, elementwise_affine=False)"),
        new(new GroupNorm(2, 4), "GroupNorm(2, 4, eps=1e-05, affine=True)"),
        new(new GroupNorm(2, 4, 1e-3f, affine: false), "GroupNorm(2, 4, eps=0.001, affine=False)"),
        new(new Upsample(scaleFactor: 2), "Upsample(scale_factor=2.0, mode=nearest)"),
        new(new Upsample(scaleFactor: (2, 1.5)), "Upsample(scale_factor=(2.0, 1.5), mode=nearest)"),
        new(
            new Upsample((3, 4), mode: UpsampleMode.Bilinear, alignCorners: true),
            "Upsample(size=(3, 4), mode=bilinear)"),
        new(new Upsample(5), "Upsample(size=5, mode=nearest)"),
        new(new BatchNorm1d(512), "BatchNorm1d(512, eps=1e-05, momentum=0.1, affine=True, track_running_stats=True)"),
        new(
            new BatchNorm2d(3, 0.001f, 0.25f),
            "BatchNorm2d(3, eps=0.001, momentum=0.25, affine=True, track_running_stats=True)"),
    ];

    [TestCaseSource(nameof(Layers))]
    public void A_layer_prints_as_in_PyTorch(Module layer, string expected) => Assert.That(
        layer.ToString(), Is.EqualTo(expected));

    [Test]
    public void A_Sequential_prints_its_layers_by_name()
    {
        var net = new Sequential(("conv1", new Conv2d(1, 20, 3, Rng)), ("relu1", new ReLU()));
        Assert.That(net.ToString(), Is.EqualTo(
            """
            Sequential(
              (conv1): Conv2d(1, 20, kernel_size=(3, 3), stride=(1, 1))
              (relu1): ReLU()
            )
            """));
    }

    [Test]
    public void A_nested_Sequential_is_indented()
    {
        var net = new Sequential(
            ("head", new Sequential(new ReLU(), new Sequential(new Flatten()))), ("tail", new Linear(2, 1, Rng)));
        Assert.That(net.ToString(), Is.EqualTo(
            """
            Sequential(
              (head): Sequential(
                (0): ReLU()
                (1): Sequential(
                  (0): Flatten(start_dim=1, end_dim=-1)
                )
              )
              (tail): Linear(in_features=2, out_features=1, bias=True)
            )
            """));
    }
}
