using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>A formula that cannot be compiled for GPUs is named, and the device works afterwards.</summary>
[Category("Gpu")]
public sealed class UncompilableKernelTests
{
    [TestCaseSource(typeof(TestDevices), nameof(TestDevices.Cases))]
    public void A_formula_that_throws_is_named_and_other_kernels_compile_afterwards(string name)
    {
        var x = Tensor.From([3], [1, 2, 3], DeviceCatalog.Open(name));
        for (var i = 0; i < 2; i++)
        {
            Assert.That(
                () => x.Elementwise(new Throwing(2)),
                Throws.TypeOf<NotSupportedException>().With.Message.Contains("Throwing")
                    .And.Message.Contains("must not throw"));
            // The same method F of another kernel fails again, not otherwise
            Assert.That(
                () => x.Elementwise(x, new ThrowingProduct()),
                Throws.TypeOf<NotSupportedException>().With.Message.Contains("ThrowingProduct"));
        }

        Assert.That(x.Elementwise(new Scaled(2)).ToArray(), Is.EqualTo(new[] { 2f, 4, 6 }));
        Assert.That(
            () => x.Elementwise(new Allocating(2)),
            Throws.TypeOf<NotSupportedException>().With.Message.Contains("Allocating"));
        Assert.That(x.Elementwise(x, new ScaledProduct(2)).ToArray(), Is.EqualTo(new[] { 2f, 8, 18 }));
        Assert.That(x.Elementwise(new Scaled(3)).ToArray(), Is.EqualTo(new[] { 3f, 6, 9 }), "compiled before");
    }

    public readonly struct Throwing(int scale) : IUnaryFormula
    {
        public T F<T>(T x) where T : struct, IReal<T> =>
            scale < 0 ? throw new ArgumentException("A negative scale.") : x * T.Create(scale);

        public T D<T>(T x) where T : struct, IReal<T> => T.Create(scale);
    }

    public readonly struct ThrowingProduct : IBinaryFormula
    {
        public T F<T>(T a, T b) where T : struct, IReal<T> => new Throwing(1).F(a) * b;

        public T DA<T>(T a, T b) where T : struct, IReal<T> => b;

        public T DB<T>(T a, T b) where T : struct, IReal<T> => a;
    }

    public readonly struct Allocating(int scale) : IUnaryFormula
    {
        public T F<T>(T x) where T : struct, IReal<T> => x * T.Create(new List<int> { scale }[0]);

        public T D<T>(T x) where T : struct, IReal<T> => T.Create(scale);
    }

    public readonly struct Scaled(int scale) : IUnaryFormula
    {
        public T F<T>(T x) where T : struct, IReal<T> => x * T.Create(scale);

        public T D<T>(T x) where T : struct, IReal<T> => T.Create(scale);
    }

    public readonly struct ScaledProduct(int scale) : IBinaryFormula
    {
        public T F<T>(T a, T b) where T : struct, IReal<T> => a * b * T.Create(scale);

        public T DA<T>(T a, T b) where T : struct, IReal<T> => b * T.Create(scale);

        public T DB<T>(T a, T b) where T : struct, IReal<T> => a * T.Create(scale);
    }
}
