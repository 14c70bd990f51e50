using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>What a convolution says about shapes that it refuses.</summary>
[Category("Kernels")]
public sealed class ConvolutionErrorTests
{
    // The shapes of input, weight and bias, and groups
    private static readonly object[] Cases =
    [
        Case("the input must be [n, c, h, w]", [3, 8, 8], [4, 3, 3, 3]),
        Case("the weight must be [outputs, inputs, kh, kw]", [1, 3, 8, 8], [4, 3, 3]),
        Case("2 groups do not divide the input's 3 channels", [1, 3, 8, 8], [4, 1, 3, 3], groups: 2),
        Case("2 groups do not divide the weight's 5 outputs", [1, 4, 8, 8], [5, 2, 3, 3], groups: 2),
        Case("the input has 5 channels and the weight takes 2", [1, 5, 8, 8], [4, 2, 3, 3]),
        Case(
            "the input has 3 channels in each of 2 groups and the weight takes 6",
            [1, 6, 8, 8], [4, 6, 3, 3], groups: 2),
        Case("the weight is empty", [1, 3, 8, 8], [0, 3, 3, 3]),
        Case("the images have no pixels", [1, 3, 0, 8], [4, 3, 3, 3]),
        Case("the bias must be [4]", [1, 3, 8, 8], [4, 3, 3, 3], [3]),
        Case("the padded image is smaller than the dilated kernel", [1, 3, 8, 8], [4, 3, 9, 3]),
    ];

    [TestCaseSource(nameof(Cases))]
    public void The_first_rule_that_is_broken_is_named(string rule, Shape x, Shape weight, Shape? bias, int groups)
    {
        var (input, kernel) = (Tensor.Zeros(x), Tensor.Zeros(weight));
        var added = bias is null ? null : Tensor.Zeros(bias);
        Assert.That(
            () => input.Conv2d(kernel, added, groups: groups),
            Throws.TypeOf<ShapeException>().With.Message.StartsWith($"Conv2d: {rule}: input {x}, weight {weight},"));
    }

    private static object[] Case(string rule, Shape x, Shape weight, Shape? bias = null, int groups = 1) =>
        [rule, x, weight, bias!, groups];
}
