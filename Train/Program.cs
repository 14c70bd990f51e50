Console.WriteLine("pynet");
