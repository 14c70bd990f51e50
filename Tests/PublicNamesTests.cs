using System.Reflection;
using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>The names of the libraries' public types are unambiguous beside the usual usings.</summary>
public sealed class PublicNamesTests
{
    /// <summary>The implicit usings of a console program, without networking.</summary>
    private static readonly string[] SystemNamespaces =
    [
        "System", "System.IO", "System.Collections.Generic", "System.Linq",
        "System.Threading", "System.Threading.Tasks",
    ];

    private static readonly Assembly[] SystemAssemblies =
    [
        typeof(object).Assembly, typeof(Console).Assembly, typeof(Uri).Assembly, typeof(SortedSet<>).Assembly,
        typeof(Enumerable).Assembly, typeof(Parallel).Assembly, typeof(Barrier).Assembly,
    ];

    private static readonly Assembly[] Libraries =
    [
        typeof(Tensor).Assembly, typeof(MatMulExtensions).Assembly, typeof(Linear).Assembly,
        typeof(DataLoader).Assembly, typeof(Trainer).Assembly, typeof(PyNetSharp.Onnx.OnnxOptions).Assembly,
        typeof(PyNetSharp.Distributed.MpiProcessGroup).Assembly,
    ];

    [Test]
    public void No_name_is_one_of_the_base_librarys()
    {
        var taken = PublicTypes(SystemAssemblies)
            .Where(type => SystemNamespaces.Contains(type.Namespace))
            .Select(Name)
            .ToHashSet();
        Assert.That(taken, Does.Contain("Buffer").And.Contain("List").And.Contain("File").And.Contain("Enumerable"));
        Assert.That(PublicTypes(Libraries).Where(type => taken.Contains(Name(type))), Is.Empty);
    }

    [Test]
    public void No_two_types_share_a_name()
    {
        var shared =
            from type in PublicTypes(Libraries)
            group type by Name(type) into types
            where types.Select(type => type.Namespace).Distinct().Count() > 1
            select string.Join(" and ", types);
        Assert.That(shared, Is.Empty);
    }

    private static IEnumerable<Type> PublicTypes(IEnumerable<Assembly> assemblies) =>
        assemblies.Distinct().SelectMany(assembly => assembly.GetExportedTypes()).Where(type => !type.IsNested);

    /// <summary>The simple name, without the number of type parameters.</summary>
    private static string Name(Type type) => type.Name.Split('`')[0];
}
