using NUnit.Framework;

// What is [Parallelizable] only starts programs, whose starts and waits leave a core idle. All else runs alone: it
// looks at the memory, the threads or the output of this process, or opens a terminal, which programs started beside
// it keep open. The category Processes has both kinds of what starts programs, so that CI can run the rest beside it.
[assembly: LevelOfParallelism(2)]
