namespace PyNetSharp;

/// <summary>Walks through everything that a model is made of.</summary>
public static class ModuleTree
{
    extension(Module model)
    {
        /// <summary>This module (with an empty path) and all within it, each before its children.</summary>
        public IEnumerable<(string Path, Module Module)> Descendants() => Walk("", model);

        /// <summary>The random generators of all dropout layers; a run that goes on restores their states.</summary>
        public IEnumerable<(string Path, Rng Rng)> Generators() =>
            model.Descendants().Where(d => d.Module is DropoutLayer).Select(d => (d.Path, ((DropoutLayer)d.Module).Rng));
    }

    private static IEnumerable<(string, Module)> Walk(string path, Module module) =>
        module.Children()
            .SelectMany(child => Walk(path.Length == 0 ? child.Name : $"{path}.{child.Name}", child.Module))
            .Prepend((path, module));
}
