using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>Which tensors an op of a user's own may read and write, and what the errors say.</summary>
public sealed class OpContentsTests
{
    private static Tensor Leaf(Shape shape)
    {
        var x = Tensor.Uniform(shape, 0.5f, 2, new(1));
        x.RequiresGrad = true;
        return x;
    }

    [Test]
    public void What_an_op_may_only_read_is_not_written()
    {
        var x = Leaf([2, 3]);
        AssertReadOnly(() => new Writing(inForward: x => x).Apply(x));
        AssertReadOnly(() => new Writing(inForward: x => x).Apply(Tensor.Zeros([2, 3])));
        AssertReadOnly(() => new Writing(inBackward: (_, _, dy) => dy).Apply(x).Sum().Backward());
        AssertReadOnly(() => new Writing(inBackward: (x, _, _) => x).Apply(x).Sum().Backward());
        AssertReadOnly(() => new Writing(inBackward: (_, y, _) => y).Apply(x).Sum().Backward());
        // The memory of one op is the input of the next
        AssertReadOnly(() => new Nesting().Apply(x).Sum().Backward());

        static void AssertReadOnly(Action call)
        {
            var error = Assert.Throws<InvalidOperationException>(call)!;
            Assert.That(error.Message, Does.StartWith("Writing: WriteContents of ").And.Contain("read only"));
            Assert.That(error.Message, Does.Contain("[2, 3]").And.Contain("NewTensor"));
        }
    }

    [TestCase(true)]
    [TestCase(false)]
    public void A_backward_that_reads_what_was_not_saved_names_the_op_and_Save(bool byOps)
    {
        var x = Leaf([2, 3]);
        Check(x, "tensor [2, 3]");
        Check(x * 2, "Multiply's result");              // freed by then
        Check(new Parameter(Tensor.Ones([2, 3])), "parameter [2, 3]");

        void Check(Tensor input, string what)
        {
            if (byOps && input.GradFn is null) return;      // a leaf is there, and ops read what they like
            var y = new Forgetful(byOps).Apply(input);
            if (input.GradFn is not null) input.Release();
            var error = Assert.Throws<InvalidOperationException>(() => y.Sum().Backward())!;
            Assert.That(error.Message, Does.StartWith("Forgetful.Backward reads the ").And.Contain(what));
            Assert.That(error.Message, Does.Contain("did not Save it").And.Contain("Call Save(tensor) in Forward"));
        }
    }

    [Test]
    public void The_gradient_of_a_result_may_be_a_leaf_or_the_result_itself()
    {
        var a = Leaf([3]);
        var y = new Squared().Apply(a).Keep();
        y.Backward(y);
        Assert.That(a.Grad!.ToArray(), Is.EqualTo(a.ToArray().Select(v => 2 * v * v * v)).Within(1e-5));
        new Squared().Apply(a).Backward(a);
    }

    private sealed class Writing(
        Func<Tensor, Tensor>? inForward = null, Func<Tensor, Tensor, Tensor, Tensor>? inBackward = null) : Op
    {
        private Tensor x = null!, y = null!;

        protected override Shape Infer(ReadOnlySpan<Tensor> x) => x[0].Shape;

        protected override void Forward(ReadOnlySpan<Tensor> x, Tensor y)
        {
            (this.x, this.y) = (Save(x[0]), Save(y));
            ReadContents(x[0]).CopyTo(WriteContents(y));        // also after Save
            if (inForward is not null) WriteContents(inForward(x[0])).Clear();
        }

        protected internal override Tensor?[] Backward(Tensor dy)
        {
            WriteContents(inBackward!(x, y, dy)).Clear();
            return [dy];
        }
    }

    private sealed class Nesting : Op
    {
        protected override Shape Infer(ReadOnlySpan<Tensor> x) => x[0].Shape;

        protected override void Forward(ReadOnlySpan<Tensor> x, Tensor y) =>
            ReadContents(x[0]).CopyTo(WriteContents(y));

        protected internal override Tensor?[] Backward(Tensor dy)
        {
            var dx = NewTensor(dy.Shape, dy.Device);
            WriteContents(dx).Fill(1);
            return [new Writing(inForward: x => x).Apply(dx)];
        }
    }

    private sealed class Forgetful(bool byOps) : Op
    {
        private Tensor x = null!;

        protected override Shape Infer(ReadOnlySpan<Tensor> x) => x[0].Shape;

        protected override void Forward(ReadOnlySpan<Tensor> x, Tensor y)
        {
            this.x = x[0];
            ReadContents(this.x).CopyTo(WriteContents(y));
        }

        protected internal override Tensor?[] Backward(Tensor dy)
        {
            if (byOps) return [dy * x];
            ReadContents(x);
            return [dy];
        }
    }

    private sealed class Squared : Op
    {
        private Tensor x = null!;

        protected override Shape Infer(ReadOnlySpan<Tensor> x) => x[0].Shape;

        protected override void Forward(ReadOnlySpan<Tensor> x, Tensor y)
        {
            this.x = Save(x[0]);
            var to = WriteContents(y);
            for (var i = 0; i < to.Length; i++) to[i] = ReadContents(this.x)[i] * ReadContents(this.x)[i];
        }

        protected internal override Tensor?[] Backward(Tensor dy)
        {
            var dx = NewTensor(dy.Shape, dy.Device);
            for (var i = 0; i < dx.Shape.Size; i++) WriteContents(dx)[i] = 2 * ReadContents(x)[i] * ReadContents(dy)[i];
            return [dx];
        }
    }
}
