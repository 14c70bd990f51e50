namespace PyNetSharp.Benchmarks;

/// <summary>One rung of the command <c>ladder</c>.</summary>
/// <param name="Seconds">The best of several runs.</param>
/// <param name="Operations">Two to a multiply-add of the definition.</param>
/// <param name="Peak">Of so many cores, beside it, in operations a second.</param>
/// <param name="Error">‖y − naive‖ / ‖naive‖.</param>
internal sealed record ConvVariantRow(string Variant, int Cores, double Seconds, long Operations, double Peak, double Error);
