using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using TorchSharp;

namespace PyNetSharp.Benchmarks;

/// <summary>LibTorch, which TorchSharp calls: whether it can be loaded, and what it computes with.</summary>
internal static class Native
{
    private static readonly Assembly Caller = typeof(torch).Assembly;

    /// <summary>Loads it before TorchSharp does, whose own message does not say what is missing.</summary>
    /// <exception cref="DllNotFoundException">Why it cannot be loaded, in a line.</exception>
    public static void Load()
    {
        foreach (var name in (string[])["torch_cpu", "LibTorchSharp"])
        {
            var file = Path.Combine(AppContext.BaseDirectory, FileName(name));
            try
            {
                if (File.Exists(file)) NativeLibrary.Load(file);
                else NativeLibrary.Load(name, Caller, null);
            }
            catch (DllNotFoundException fault)
            {
                // .NET's advice comes first, what the system's loader says last.
                throw new DllNotFoundException(fault.Message.Trim().Split('\n')[^1].Trim());
            }
        }
    }

    /// <summary>Its version, BLAS and oneDNN, as far as it says.</summary>
    public static string Describe()
    {
        var config = ReadConfig();
        var mkl = Regex.Match(config, @"Math Kernel Library Version ([\d.]+)").Groups[1].Value;
        var blas = Regex.Match(config, @"BLAS_INFO=(\w+)").Groups[1].Value;
        var oneDnn = Regex.Match(config, @"MKL-DNN v([\d.]+)").Groups[1].Value;
        return $"LibTorch {Version.Parse(torch.__version__).ToString(3)}" +
            (mkl.Length > 0 ? $", MKL {mkl}" : blas.Length > 0 ? $", BLAS {blas}" : "") +
            (oneDnn.Length > 0 ? $", oneDNN {oneDnn}" : "");
    }

    /// <summary>What at::show_config says; empty where the call is not known to fit.</summary>
    /// <remarks>
    /// It returns a std::string, which in libstdc++ begins with pointer and length, through a hidden first argument.
    /// </remarks>
    private static unsafe string ReadConfig()
    {
        var known = OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture == Architecture.X64;
        var library = NativeLibrary.Load(Path.Combine(AppContext.BaseDirectory, FileName("torch_cpu")));
        if (!known || !NativeLibrary.TryGetExport(library, "_ZN2at11show_configB5cxx11Ev", out var showConfig))
            return "";
        var text = stackalloc nint[4];
        ((delegate* unmanaged<nint*, nint*>)showConfig)(text);
        return Marshal.PtrToStringUTF8(text[0], (int)text[1]);
    }

    private static string FileName(string name) =>
        OperatingSystem.IsWindows() ? $"{name}.dll" : OperatingSystem.IsMacOS() ? $"lib{name}.dylib" : $"lib{name}.so";
}
