using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>Modules that hold a layer in some way, for the tests of a module's state.</summary>
internal static class StateModules
{
    public static readonly Rng Generator = new(1);

    public static TestCaseData Case(Module module, params string[] texts) =>
        new TestCaseData(module, texts).SetArgDisplayNames(
            module.GetType().GetGenericArguments() is [var held] ? $"{held}" : module.GetType().Name);

    public static Linear Layer() => new(2, 2, Generator);

    public static Parameter Weight() => new(Tensor.Zeros([2]));

    public static Func<Tensor, Tensor>[] Lambdas(Linear layer) => [x => layer.Forward(x), x => x.Relu()];

    public abstract class IdentityModule : Module
    {
        protected override Tensor Forward(Tensor x) => x;
    }

    public sealed class Holder<T>(T value) : IdentityModule
    {
        public T Value { get; } = value;
    }

    public sealed class Block(object layer)
    {
        public object Layer { get; } = layer;
    }
}
