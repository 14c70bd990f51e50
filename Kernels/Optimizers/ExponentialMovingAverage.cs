using System.Runtime.CompilerServices;
using ILGPU;
using PyNetSharp.Kernels;
using PyNetSharp.Kernels.Simd;

namespace PyNetSharp.Optimizers;

/// <summary>
/// An exponential moving average of a model's weights, which often generalizes better than the last ones.
/// </summary>
/// <remarks>
/// average += (1 − decay)·(weight − average) for every parameter. Buffers, as the running statistics of batch norm, are
/// not averaged: a model with averaged weights has its current ones. The average begins as the weights at construction,
/// and takes as much memory as they do.
/// <code>
/// var average = new ExponentialMovingAverage(model, decay: 0.999);
/// …
///     optimizer.Step();
///     average.Update();
/// …
/// using (average.Apply()) Evaluation.Run(model, test);
/// </code>
/// A NaN among the weights stays in the average.
/// </remarks>
/// <seealso href="https://doi.org/10.1137/0330046">Polyak and Juditsky, 1992, averaging</seealso>
/// <seealso href="https://arxiv.org/abs/1512.00567">Szegedy et al., 2016, §8, the exponential one</seealso>
public sealed class ExponentialMovingAverage
{
    private const int GrainSize = 1 << 14;      // floats that one thread takes at a time

    private readonly double decay;
    private readonly bool warmUp;
    private readonly (string Name, Parameter Parameter, Tensor Average)[] weights;
    private readonly Tensor updates = Tensor.Zeros([1]);
    private bool isApplied;

    /// <summary>The average of the weights that the model has now.</summary>
    /// <param name="model">Has all its parameters already.</param>
    /// <param name="decay">The share of the average that an update keeps, in [0, 1).</param>
    /// <param name="warmUp">
    /// Whether update n, from 0, has the decay min(decay, (1 + n) / (10 + n)), so that the first weights are soon
    /// forgotten.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">The decay is outside its range.</exception>
    /// <exception cref="ArgumentException">The model has no parameters.</exception>
    public ExponentialMovingAverage(Module model, double decay = 0.999, bool warmUp = false)
    {
        ArgumentNullException.ThrowIfNull(model);
        OptimizerOption.CheckDecay(decay, nameof(decay), "The decay");
        (this.decay, this.warmUp) = (decay, warmUp);
        weights =
        [
            .. model.State().Where(s => s.Tensor is Parameter).DistinctBy(s => s.Tensor)
                .Select(s => (s.Name, (Parameter)s.Tensor, Tensor.Zeros(s.Tensor.Shape, s.Tensor.Device))),
        ];
        if (weights.Length == 0)
            throw new ArgumentException(
                $"{model.GetType().Name} has no parameters, so there is nothing to average.", nameof(model));
        Tensor.CopyAll([.. weights.Select(w => ((Tensor)w.Parameter, w.Average))]);
    }

    /// <summary>The updates so far.</summary>
    public long Updates => (long)updates.Span[0];

    /// <summary>Takes the model's weights into the average; to be called after each step of the optimizer.</summary>
    /// <exception cref="InvalidOperationException">The averaged weights are in the model.</exception>
    /// <remarks>On a GPU one launch for all parameters, without waiting.</remarks>
    public void Update()
    {
        ThrowIfApplied(nameof(Update));
        var n = updates.Span[0];
        var kept = warmUp ? Math.Min(decay, (1.0 + n) / (10.0 + n)) : decay;
        updates.Span[0] = n + 1;
        MoveToModelDevice();
        var formula = new LerpFormula((float)(1 - kept));
        foreach (var gpu in Gpus()) UpdateOnGpu(gpu, formula);
        foreach (var (_, parameter, average) in weights)
            if (parameter.IsOnCpu)
                Update(parameter, average, formula);
    }

    /// <summary>
    /// Puts the averaged weights into the model until the result is disposed, which restores the model's own.
    /// </summary>
    /// <exception cref="InvalidOperationException">They are there already.</exception>
    /// <remarks>
    /// The weights change places with the average, which needs no memory; on a GPU in one launch. Changes of the
    /// model's weights in the meantime are lost: they become part of the average.
    /// </remarks>
    public IDisposable Apply()
    {
        ThrowIfApplied(nameof(Apply));
        Exchange();
        isApplied = true;
        return new Scope(this);
    }

    /// <summary>
    /// <c>updates</c>, their number, and each parameter's average under the parameter's name, for checkpoints.
    /// </summary>
    /// <exception cref="InvalidOperationException">The averaged weights are in the model.</exception>
    public IReadOnlyList<(string Name, Tensor Tensor)> State()
    {
        ThrowIfApplied(nameof(State));
        return [("updates", updates), .. weights.Select(w => (w.Name, w.Average))];
    }

    private void Exchange()
    {
        MoveToModelDevice();
        foreach (var (_, parameter, _) in weights) parameter.BumpVersion();
        foreach (var gpu in Gpus()) ExchangeOnGpu(gpu);
        foreach (var (_, parameter, average) in weights)
            if (parameter.IsOnCpu)
                Exchange(parameter, average);
    }

    private void MoveToModelDevice()
    {
        foreach (var (_, parameter, average) in weights) average.Move(parameter.Device);
    }

    private IEnumerable<GpuDevice> Gpus() => weights.Select(w => w.Parameter.Device).OfType<GpuDevice>().Distinct();

    private void ThrowIfApplied(string caller)
    {
        if (isApplied)
            throw new InvalidOperationException(
                $"ExponentialMovingAverage.{caller}: the averaged weights are in the model; dispose what Apply() has " +
                "returned first.");
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void UpdateOnGpu(GpuDevice device, LerpFormula formula) => device.LaunchMultiTensor<LerpKernel>(
    [
        .. weights.Where(w => w.Parameter.Device == device)
            .Select(w => (w.Average.Shape.Size, new LerpKernel(w.Average.View, w.Parameter.View, formula))),
    ]);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void ExchangeOnGpu(GpuDevice device) => device.LaunchMultiTensor<ExchangeKernel>(
    [
        .. weights.Where(w => w.Parameter.Device == device)
            .Select(w => (w.Average.Shape.Size, new ExchangeKernel(w.Average.View, w.Parameter.View))),
    ]);

    private static unsafe void Update(Parameter parameter, Tensor average, LerpFormula formula)
    {
        float* p = parameter.Pointer, a = average.Pointer;
        parameter.Cpu.ForRanges(parameter.Shape.Size, GrainSize, (start, n) =>
            VectorDispatch.ForEach(n, new LerpLoopBody(a + start, p + start, formula)));
    }

    private static unsafe void Exchange(Parameter parameter, Tensor average)
    {
        float* p = parameter.Pointer, a = average.Pointer;
        parameter.Cpu.ForRanges(parameter.Shape.Size, GrainSize, (start, n) =>
            VectorDispatch.ForEach(n, new ExchangeLoopBody(a + start, p + start)));
    }

    private sealed class Scope(ExponentialMovingAverage average) : IDisposable
    {
        private bool isDisposed;

        public void Dispose()
        {
            if (isDisposed) return;
            isDisposed = true;
            average.Exchange();
            average.isApplied = false;
        }
    }

    private readonly unsafe struct LerpLoopBody(float* a, float* p, LerpFormula formula) : IVectorLoopBody
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Run<V>(int i) where V : struct, IVector<V> =>
            formula.Apply(V.Load(a + i), V.Load(p + i)).Store(a + i);
    }

    private readonly unsafe struct ExchangeLoopBody(float* a, float* p) : IVectorLoopBody
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Run<V>(int i) where V : struct, IVector<V>
        {
            V average = V.Load(a + i), weight = V.Load(p + i);
            weight.Store(a + i);
            average.Store(p + i);
        }
    }
}

/// <summary>a + Weight·(p − a): a itself where p = a. Rounded apart on the CPU.</summary>
internal readonly record struct LerpFormula(float Weight)
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Apply<T>(T a, T p) where T : struct, IReal<T> => a + T.Create(Weight) * (p - a);
}

internal readonly struct LerpKernel(ArrayView<float> a, ArrayView<float> p, LerpFormula formula) : IItemKernel
{
    public void Run(int i) => a[i] = formula.Apply(new GpuFloat(a[i]), new(p[i])).V;
}

internal readonly struct ExchangeKernel(ArrayView<float> a, ArrayView<float> p) : IItemKernel
{
    public void Run(int i) => (a[i], p[i]) = (p[i], a[i]);
}
