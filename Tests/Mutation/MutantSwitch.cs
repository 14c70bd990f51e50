namespace PyNetSharp.Mutation;

/// <summary>The class that a mutated engine has in addition.</summary>
internal static class MutantSwitch
{
    /// <remarks>
    /// Read-only fields are constants to the JIT and to ILGPU, so switches cost nothing in a loop. The environment
    /// names the active fault; 0 is none, and −1 records which faults are reached.
    /// </remarks>
    public const string Source =
        """
        using System;
        using System.Collections.Generic;
        using System.Runtime.CompilerServices;

        namespace PyNetSharp;

        public static class Mutant
        {
            public static readonly int Active = int.Parse(Environment.GetEnvironmentVariable("PYNET_MUTANT") ?? "0");

            private static readonly bool Records = Active < 0;
            private static readonly bool[] reached = new bool[1 << 16];
            private static readonly HashSet<Type> launched = [];

            [ModuleInitializer]
            internal static void Initialize() => RuntimeHelpers.RunClassConstructor(typeof(Mutant).TypeHandle);

            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            public static bool Is(int id)
            {
                if (Records) reached[id] = true;
                return Active == id;
            }

            public static void Launches(Type kernel)
            {
                if (!Records) return;
                lock (launched) launched.Add(kernel);
            }

            public static (List<int>, List<Type>) Take()
            {
                var ids = new List<int>();
                for (var id = 0; id < reached.Length; id++)
                    if (reached[id]) ids.Add(id);
                Array.Clear(reached);
                lock (launched)
                {
                    List<Type> kernels = [.. launched];
                    launched.Clear();
                    return (ids, kernels);
                }
            }
        }
        """;
}
