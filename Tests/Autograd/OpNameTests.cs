using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>What a tensor prints as its grad_fn, and what errors name, is what the user has called.</summary>
public sealed class OpNameTests
{
    private static readonly (string Name, Shape Shape, Func<Tensor, Tensor> Call)[] Calls =
    [
        ("Add", [3], x => x + 1), ("Add", [3], x => 1 + x), ("Add", [3], x => x + x),
        ("Subtract", [3], x => x - 1), ("Subtract", [3], x => 1 - x), ("Subtract", [3], x => x - x),
        ("Multiply", [3], x => 2 * x), ("Multiply", [3], x => x * 2), ("Negate", [3], x => -x),
        ("Divide", [3], x => x / 2), ("Divide", [3], x => 2 / x), ("Divide", [3], x => x / x),
        ("Pow", [3], x => x.Pow(3)), ("Pow", [3], x => x.Pow(x)), ("Gelu", [3], x => x.Gelu(approximate: true)),
        ("Reshape", [3, 4], x => x.Reshape(4, 3)), ("Flatten", [3, 2, 2], x => x.Flatten()),
        ("Squeeze", [3, 1], x => x.Squeeze()), ("Squeeze", [3, 1], x => x.Squeeze(1)),
        ("Unsqueeze", [3], x => x.Unsqueeze(0)), ("Permute", [3, 4], x => x.Permute(1, 0)),
        ("Transpose", [3, 4], x => x.Transpose(0, 1)), ("Slice", [3], x => x[1..]),
        ("Slice", [3], x => x.Slice(0, 1..)),
        ("Narrow", [3], x => x.Narrow(0, 1, 2)), ("Select", [3], x => x.Select(0, 1)),
        ("Split", [4], x => x.Split(2)[1]), ("Sum", [3, 4], x => x.Sum(1)), ("Sum", [3, 4], x => x.Sum()),
        ("Mean", [3, 4], x => x.Mean(1)), ("Mean", [3, 4], x => x.Mean(1, keepDims: true)),
        ("Max", [3, 4], x => x.Max(1)), ("Min", [3, 4], x => x.Min()), ("Variance", [3, 4], x => x.Variance([1])),
        ("Softmax", [2, 3, 4], x => x.Softmax(1)), ("LogSoftmax", [2, 3, 4], x => x.LogSoftmax(-1)),
        ("MatMul", [2, 3, 3], x => x.MatMul(x)), ("MatMul", [3], x => x.MatMul(Tensor.Ones([3, 2]))),
        ("Linear", [2, 3, 4], x => x.Linear(Tensor.Ones([5, 4]))), ("GroupNorm", [2, 4, 3], x => x.GroupNorm(2)),
        ("LayerNorm", [2, 4, 3, 3], x => x.LayerNorm([3, 3])),
    ];

    [TestCaseSource(nameof(Calls))]
    public void The_name_is_that_of_the_call((string Name, Shape Shape, Func<Tensor, Tensor> Call) row)
    {
        var x = Tensor.Uniform(row.Shape, 1, 2, new(1));
        x.RequiresGrad = true;
        var y = row.Call(x).Keep();
        Assert.That(y.GradFn!.Name, Is.EqualTo(row.Name));
        Assert.That(y.ToString(), Does.Contain($"grad_fn=<{row.Name}>"));
        y.Sum().Backward();
        Assert.That(
            () => y.Backward(Tensor.Zeros(y.Shape)),
            Throws.InvalidOperationException.With.Message.Contains($"the graph of {row.Name} "));
    }

    private static readonly (string Start, Action Call)[] WrongCalls =
    [
        ("Tensor.From: 3 numbers for a tensor of shape [2, 2]", () => Tensor.From([2, 2], [1, 2, 3])),
        ("CopyFrom: 1 numbers", () => Tensor.Zeros([2]).CopyFrom([1])),
        ("CopyAll: [2] does not fit into [3]", () => Tensor.CopyAll([(Tensor.Zeros([2]), Tensor.Zeros([3]))])),
        ("Concat: there is no tensor", () => Tensor.Concat([])), ("Stack: there is no tensor", () => Tensor.Stack([])),
        ("Flatten: [] has no first axis", () => Tensor.Zeros([]).Flatten()),
        ("Linear: the input's last extent is 4", () => Tensor.Zeros([2, 3, 4]).Linear(Tensor.Zeros([2, 5]))),
        ("Greater: ", () => _ = Tensor.Zeros([2]) > Tensor.Zeros([3])),
        ("Divide: ", () => _ = Tensor.Zeros([2]) / Tensor.Zeros([3])),
    ];

    [TestCaseSource(nameof(WrongCalls))]
    public void An_error_begins_with_what_was_called((string Start, Action Call) row) =>
        Assert.That(row.Call, Throws.InstanceOf<ArgumentException>().With.Message.StartsWith(row.Start));
}
