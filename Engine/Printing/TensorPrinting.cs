using System.Diagnostics;
using System.Globalization;

namespace PyNetSharp;

/// <content>The tensor as text: with its elements for readers, without them for error messages.</content>
[DebuggerDisplay("{DebuggerText,nq}")]
public partial class Tensor
{
    private const int MaxDebuggerElements = 8;

    /// <summary>The debugger's line. It shows elements only where that waits for no device.</summary>
    private string DebuggerText
    {
        get
        {
            if (storage is not CpuStorage cpu || Shape.Size == 0) return Describe();
            if (!Layout.IsContiguous(Shape)) return Describe();
            string[] first =
            [
                .. cpu.Span(Math.Min(Shape.Size, MaxDebuggerElements)).ToArray()
                    .Select(value => value.ToString("G4", CultureInfo.InvariantCulture)),
            ];
            var more = Shape.Size > first.Length ? ", …" : "";
            return $"{Describe()}: {string.Join(", ", first)}{more}";
        }
    }

    /// <summary>The elements, as PyTorch prints them, with <see cref="PrintOptions.Default"/>.</summary>
    /// <remarks><inheritdoc cref="ToString(PrintOptions?)" path="/remarks/node()"/></remarks>
    public override string ToString() => ToString(null);

    /// <summary>The elements, as PyTorch prints them.</summary>
    /// <param name="options">How to print; null for <see cref="PrintOptions.Default"/>.</param>
    /// <returns>
    /// <c>tensor([[ 0.1235, -1.0000], …])</c>, the same in every culture. After the elements: the shape if it is
    /// summarized or empty, the device unless it is the CPU, the op that computed it or whether it is a leaf that
    /// requires a gradient.
    /// </returns>
    /// <remarks>
    /// PyTorch's text to the letter, but for what follows the elements: the shape of a summary is given, and an op is
    /// named <c>grad_fn=&lt;Relu&gt;</c> instead of ReluBackward0. A tensor whose storage has been freed prints as
    /// <c>tensor(&lt;freed&gt;, size=(2, 3))</c>. The elements of a GPU are copied to the host, of a summary only those
    /// that it shows; this waits for all that was launched before. Error messages and debuggers do not print elements
    /// of a GPU.
    /// </remarks>
    /// <seealso href="https://pytorch.org/docs/stable/generated/torch.set_printoptions.html">
    /// torch.set_printoptions
    /// </seealso>
    public string ToString(PrintOptions? options)
    {
        options ??= PrintOptions.Default;
        var isFreed = storage is null;
        List<string> suffixes = [];
        if (!IsOnCpu) suffixes.Add($"device='{Device.Name}'");
        var isCut = new PrintedElements(Shape, options).IsAnyCut;
        if (isFreed || isCut || (Shape.Size == 0 && Shape.Rank != 1)) suffixes.Add(TensorText.Size(Shape));
        if (GradFn is not null) suffixes.Add($"grad_fn=<{GradFn.Name}>");
        else if (RequiresGrad) suffixes.Add("requires_grad=True");

        var text = isFreed
            ? TensorText.WithSuffixes("tensor(<freed>", suffixes, options)
            : TensorText.Write(this, suffixes, options);
        return this is Parameter ? $"Parameter containing:\n{text}" : text;
    }

    /// <summary>
    /// Class, shape, device and state for error messages, without elements: it waits for no device, and a freed tensor
    /// has one too.
    /// </summary>
    internal string Describe() =>
        $"{GetType().Name} {Shape} on {Device}" +
        (storage is null ? ", freed" : "") +
        (GradFn is not null ? $", the result of {GradFn.Name}" : RequiresGrad ? ", requires_grad" : "");
}
