using NUnit.Framework;

// What is [Parallelizable] only starts programs, whose starts and waits leave a core idle. All else runs alone: it
// looks at the memory, the threads or the output of this process, or opens a terminal, which programs started beside
// it keep open.
[assembly: LevelOfParallelism(2)]
