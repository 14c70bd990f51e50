using System.Globalization;
using System.Text;

namespace PyNetSharp;

/// <summary>What <see cref="GradientCheck"/> has found.</summary>
/// <param name="Rows">One for each input and parameter.</param>
public sealed record GradientReport(IReadOnlyList<GradientRow> Rows)
{
    /// <summary>Whether every gradient agrees with the function.</summary>
    public bool Passed => Rows.All(row => row.Passed);

    /// <exception cref="InvalidOperationException">A gradient is wrong; the message has the table.</exception>
    public void ThrowIfFailed()
    {
        if (!Passed) throw new InvalidOperationException($"A gradient is wrong:{Environment.NewLine}{this}");
    }

    /// <summary>A table: a line for each input and parameter.</summary>
    public override string ToString()
    {
        string[][] lines =
        [
            ["tensor", "shape", "gradient", "difference", "error", "allowed", ""],
            .. Rows.Select(row => new[]
            {
                row.Name, row.Shape.ToString(), Number(row.Analytic), Number(row.Numeric), Number(row.Error),
                Number(row.Allowed), row.Passed ? "ok" : "WRONG",
            }),
        ];
        var widths = Enumerable.Range(0, lines[0].Length).Select(c => lines.Max(line => line[c].Length)).ToArray();
        var table = new StringBuilder();
        foreach (var line in lines)
            table.AppendLine(string.Join("  ", line.Select((cell, c) =>
                c < 2 ? cell.PadRight(widths[c]) : cell.PadLeft(widths[c]))).TrimEnd());
        return table.ToString();

        static string Number(double value) => value.ToString("G4", CultureInfo.InvariantCulture);
    }
}

/// <summary>The gradient of one tensor along a random direction.</summary>
/// <param name="Name">"input 0", or a parameter's path.</param>
/// <param name="Shape">The tensor's shape.</param>
/// <param name="Analytic">By the backward pass.</param>
/// <param name="Numeric">By the difference of the function.</param>
/// <param name="Uncertainty">How much the difference changes with its step.</param>
/// <param name="Norm">The Euclidean norm of the gradient.</param>
public sealed record GradientRow(
    string Name, Shape Shape, double Analytic, double Numeric, double Uncertainty, double Norm)
{
    private const double Relative = 1e-3;       // of the gradient's norm: rounding of the function in single precision
    private const double Absolute = 1e-5;
    private const double MaxUncertainty = 0.05; // a difference that is less sure shows nothing

    /// <summary>|<see cref="Analytic"/> − <see cref="Numeric"/>|</summary>
    public double Error => Math.Abs(Analytic - Numeric);

    /// <summary>The error up to which the gradient counts as right.</summary>
    public double Allowed => Absolute + Relative * Norm + Math.Min(3 * Uncertainty, MaxUncertainty * Norm);

    /// <summary>Whether the gradient agrees with the function; false where either is NaN.</summary>
    public bool Passed => Error <= Allowed;
}
