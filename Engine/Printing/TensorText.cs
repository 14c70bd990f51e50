using System.Globalization;
using System.Text;

namespace PyNetSharp;

/// <summary>Writes elements in nested brackets, as PyTorch does those of a tensor.</summary>
/// <seealso href="https://github.com/pytorch/pytorch/blob/v1.13.1/torch/_tensor_str.py">
/// PyTorch 1.13, torch/_tensor_str.py
/// </seealso>
internal sealed class TensorText
{
    private const int Indent = 7;           // the length of "tensor(" and "labels("

    private readonly PrintedElements elements;
    private readonly Func<int, string> format;
    private readonly int width;
    private readonly PrintOptions options;
    private readonly StringBuilder text;
    private int next;                       // the element that is printed next

    private TensorText(
        string prefix, PrintedElements elements, Func<int, string> format, int width, PrintOptions options)
    {
        (this.elements, this.format, this.width, this.options) = (elements, format, width, options);
        text = new(prefix);
    }

    /// <summary>The text of a tensor whose storage has not been freed.</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="suffixes">What follows the elements: "requires_grad=True".</param>
    /// <param name="options">How to print.</param>
    public static string Write(Tensor x, IEnumerable<string> suffixes, PrintOptions options)
    {
        const string prefix = "tensor(";
        if (x.Shape.Size == 0) return WithSuffixes($"{prefix}[]", suffixes, options);
        var elements = new PrintedElements(x.Shape, options);
        var values = elements.Read(x);
        var format = new ElementFormat(values, options);
        var writer = new TensorText(prefix, elements, i => format.Format(values[i]), format.Width, options);
        return writer.Write(suffixes);
    }

    /// <summary>The text of whole numbers, row-major.</summary>
    public static string Write(Shape shape, ReadOnlySpan<int> values, PrintOptions options)
    {
        const string prefix = "labels(";
        var elements = new PrintedElements(shape, options);
        var isTold = elements.IsAnyCut || (shape.Size == 0 && shape.Rank != 1);
        string[] suffixes = isTold ? [Size(shape)] : [];
        if (shape.Size == 0) return WithSuffixes($"{prefix}[]", suffixes, options);
        var texts = Array.ConvertAll(elements.Read(values), value => value.ToString(CultureInfo.InvariantCulture));
        var width = texts.Max(text => text.Length);
        return new TensorText(prefix, elements, i => texts[i].PadLeft(width), width, options).Write(suffixes);
    }

    /// <summary>The suffix of a shape: <c>size=(2, 3)</c>.</summary>
    public static string Size(Shape shape) => $"size=({string.Join(", ", shape)}{(shape.Rank == 1 ? "," : "")})";

    /// <summary>Appends ", " or a new line and each suffix, and the closing parenthesis.</summary>
    public static string WithSuffixes(string content, IEnumerable<string> suffixes, PrintOptions options)
    {
        var text = new StringBuilder(content);
        var column = content.Length - content.LastIndexOf('\n') + 1;       // PyTorch's count, which is 2 too many
        foreach (var suffix in suffixes)
        {
            var isBroken = column + suffix.Length + 2 > options.LineWidth;
            text.Append(isBroken ? ",\n" + new string(' ', Indent) : ", ").Append(suffix);
            column = suffix.Length + (isBroken ? Indent : column + 2);
        }

        return text.Append(')').ToString();
    }

    private string Write(IEnumerable<string> suffixes)
    {
        WriteAxis(0);
        return WithSuffixes(text.ToString(), suffixes, options);
    }

    private void WriteAxis(int axis)
    {
        var rank = elements.Shape.Rank;
        if (axis == rank)
        {
            text.Append(format(next++));
        }
        else if (axis == rank - 1)
        {
            WriteRow(axis);
        }
        else
        {
            var separator = "," + new string('\n', rank - 1 - axis) + new string(' ', Indent + axis + 1);
            text.Append('[');
            for (var i = 0; i < elements.Count(axis); i++)
            {
                if (i > 0) text.Append(separator);
                if (elements.FollowsGap(axis, i)) text.Append("...").Append(separator);
                WriteAxis(axis + 1);
            }

            text.Append(']');
        }
    }

    private void WriteRow(int axis)
    {
        var indent = Indent + axis;
        var perLine = Math.Max(1, (options.LineWidth - indent) / (width + 2));
        var column = 0;
        text.Append('[');
        for (var i = 0; i < elements.Count(axis); i++)
        {
            if (elements.FollowsGap(axis, i)) Append(" ...");
            Append(format(next++));
        }

        text.Append(']');

        void Append(string item)
        {
            if (column > 0) text.Append(column % perLine == 0 ? ",\n" + new string(' ', indent + 1) : ", ");
            text.Append(item);
            column++;
        }
    }
}
