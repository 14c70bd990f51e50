using System.Text;

namespace PyNetSharp;

/// <summary>Writes the elements of a tensor in nested brackets, as PyTorch does.</summary>
/// <seealso href="https://github.com/pytorch/pytorch/blob/v1.13.1/torch/_tensor_str.py">
/// PyTorch 1.13, torch/_tensor_str.py
/// </seealso>
internal sealed class TensorText
{
    private const string Prefix = "tensor(";

    private readonly PrintedElements elements;
    private readonly ElementFormat format;
    private readonly PrintOptions options;
    private readonly StringBuilder text = new(Prefix);
    private int next;                       // the element that is printed next

    private TensorText(PrintedElements elements, PrintOptions options)
    {
        (this.elements, this.options) = (elements, options);
        format = new(elements.Values, options);
    }

    /// <summary>The text of a tensor whose storage has not been freed.</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="suffixes">What follows the elements: "requires_grad=True".</param>
    /// <param name="options">How to print.</param>
    public static string Write(Tensor x, IEnumerable<string> suffixes, PrintOptions options)
    {
        if (x.Shape.Size == 0) return WithSuffixes($"{Prefix}[]", suffixes, options);
        var writer = new TensorText(new(x, options), options);
        writer.WriteAxis(0);
        return WithSuffixes(writer.text.ToString(), suffixes, options);
    }

    /// <summary>Appends ", " or a new line and each suffix, and the closing parenthesis.</summary>
    public static string WithSuffixes(string content, IEnumerable<string> suffixes, PrintOptions options)
    {
        var text = new StringBuilder(content);
        var column = content.Length - content.LastIndexOf('\n') + 1;       // PyTorch's count, which is 2 too many
        foreach (var suffix in suffixes)
        {
            var isBroken = column + suffix.Length + 2 > options.LineWidth;
            text.Append(isBroken ? ",\n" + new string(' ', Prefix.Length) : ", ").Append(suffix);
            column = suffix.Length + (isBroken ? Prefix.Length : column + 2);
        }

        return text.Append(')').ToString();
    }

    private void WriteAxis(int axis)
    {
        var rank = elements.Shape.Rank;
        if (axis == rank)
        {
            text.Append(format.Format(elements.Values[next++]));
        }
        else if (axis == rank - 1)
        {
            WriteRow(axis);
        }
        else
        {
            var separator = "," + new string('\n', rank - 1 - axis) + new string(' ', Prefix.Length + axis + 1);
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
        var indent = Prefix.Length + axis;
        var perLine = Math.Max(1, (options.LineWidth - indent) / (format.Width + 2));
        var column = 0;
        text.Append('[');
        for (var i = 0; i < elements.Count(axis); i++)
        {
            if (elements.FollowsGap(axis, i)) Append(" ...");
            Append(format.Format(elements.Values[next++]));
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
