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
        if (!Passed) throw new InvalidOperationException($"A gradient is incorrect:{Environment.NewLine}{this}");
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
                Number(row.Allowed), row.Passed ? "ok" : "INCORRECT",
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

/// <summary>The gradient of one tensor, along the direction in which it agrees least.</summary>
/// <param name="Name">"input 0", or a parameter's path.</param>
/// <param name="Shape">The tensor's shape.</param>
/// <param name="Analytic">The mean derivative between two points, by the backward pass.</param>
/// <param name="Numeric">By the difference of the function.</param>
/// <param name="Uncertainty">How far jumps of the gradient between the points may change the mean.</param>
/// <param name="Rounding">How far rounding of the function may change the difference.</param>
/// <param name="Norm">The Euclidean norm of the gradient.</param>
public sealed record GradientRow(
    string Name, Shape Shape, double Analytic, double Numeric, double Uncertainty, double Rounding, double Norm)
{
    private const double Relative = 1e-3;       // of the gradient's norm: its own rounding in single precision
    private const double MaxUncertainty = 0.05; // of the norm; of a function without kinks far less is uncertain

    /// <summary>|<see cref="Analytic"/> − <see cref="Numeric"/>|</summary>
    public double Error => Math.Abs(Analytic - Numeric);

    /// <summary>
    /// The error up to which the gradient counts as right: 0.1 % of its norm, the rounding, and three times the
    /// uncertainty, at most 5 % of the norm.
    /// </summary>
    public double Allowed => Rounding + Relative * Norm + Math.Min(3 * Uncertainty, MaxUncertainty * Norm);

    /// <summary>Whether the gradient agrees with the function; false where either is NaN or infinite.</summary>
    public bool Passed => double.IsFinite(Error) && Error <= Allowed;
}
