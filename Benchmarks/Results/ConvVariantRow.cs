namespace PyNetSharp.Benchmarks;

/// <summary>One variant of the command <c>conv-variants</c>.</summary>
/// <param name="Seconds">The best of several runs.</param>
/// <param name="Operations">Two to a multiply-add of the definition.</param>
/// <param name="Peak">Of <paramref name="Cores"/> cores, measured beside it, in operations per second.</param>
/// <param name="Error">‖y − naive‖ / ‖naive‖.</param>
internal sealed record ConvVariantRow(
    string Variant, int Cores, double Seconds, long Operations, double Peak, double Error);
