using System.Globalization;
using System.Xml.Linq;
using PyNetSharp.Layers;

namespace PyNetSharp.Train;

/// <summary>Builds HTML as a tree and writes it: every text and every attribute is escaped in one place.</summary>
internal static class Html
{
    private static readonly HashSet<string> VoidElements = ["br", "hr", "img", "input", "link", "meta"];

    /// <summary>An element.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="css">Its classes; null for none.</param>
    /// <param name="content">Texts, elements, attributes, or sequences of them; null is left out.</param>
    public static XElement Tag(string name, string? css = null, params ReadOnlySpan<object?> content)
    {
        var element = new XElement(name);
        if (css is not null) element.Add(new XAttribute("class", css));
        foreach (var part in content) element.Add(part);
        return element;
    }

    /// <summary>An attribute.</summary>
    public static XAttribute Attribute(string name, object value) =>
        new(name, Convert.ToString(value, CultureInfo.InvariantCulture)!);

    /// <summary>Writes a node and what is in it.</summary>
    public static void Write(XNode node, TextWriter output)
    {
        if (node is XText text) Escape(text.Value, output);
        if (node is not XElement element) return;
        var name = element.Name.LocalName;
        output.Write($"<{name}");
        foreach (var attribute in element.Attributes())
        {
            output.Write($" {attribute.Name.LocalName}=\"");
            Escape(attribute.Value, output);
            output.Write('"');
        }

        output.Write('>');
        if (VoidElements.Contains(name)) return;
        foreach (var child in element.Nodes()) Write(child, output);
        output.Write($"</{name}>");
        if (name is "tr" or "section" or "figure" or "g") output.Write('\n');
    }

    /// <summary>A node as text.</summary>
    public static string ToText(XNode node)
    {
        using var output = new StringWriter(CultureInfo.InvariantCulture);
        Write(node, output);
        return output.ToString();
    }

    /// <summary>Control characters and the like become visible escapes: names come from files.</summary>
    private static void Escape(string text, TextWriter output)
    {
        foreach (var c in ErrorText.Clean(text))
            switch (c)
            {
                case '&': output.Write("&amp;"); break;
                case '<': output.Write("&lt;"); break;
                case '>': output.Write("&gt;"); break;
                case '"': output.Write("&quot;"); break;
                case '\'': output.Write("&#39;"); break;
                default: output.Write(c); break;
            }
    }
}
