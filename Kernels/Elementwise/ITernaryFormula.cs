namespace PyNetSharp.Kernels;

/// <summary>A function of three numbers, of which the first is never broadcast.</summary>
internal interface ITernaryFormula
{
    T F<T>(T d, T a, T b) where T : struct, IReal<T>;
}
